"""A recording, played through the same session and learner as a running node, without ROS."""
