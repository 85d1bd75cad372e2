"""Where frames are in one another over time, free of ROS (REP-105: `map`, `odom`, `base_link`)."""
