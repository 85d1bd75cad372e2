"""What messages say, read by their fields alone: ROS made them, or a bag did."""
