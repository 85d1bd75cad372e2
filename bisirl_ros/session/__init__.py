"""A robot among people, free of ROS: what is heard goes in, commands and logs come out."""
