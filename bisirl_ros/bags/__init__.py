"""Recordings of ROS 2 topics: read, written and mended without ROS."""
