"""BISIRL itself: torch and numpy only, no ROS and no simulator."""
