"""Thin ROS 2 nodes: convert messages, call core, publish. Importing a node needs rclpy."""
