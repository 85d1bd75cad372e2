"""What a person sees of a run: the summary, the lines on the terminal, the plots. No ROS."""
