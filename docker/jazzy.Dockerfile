# bisirl_ros on ROS 2 Jazzy: docker build -f docker/jazzy.Dockerfile -t bisirl_ros .
# docker run --rm -it --network host bisirl_ros ros2 launch bisirl_ros robot.launch.py robot:=turtlebot4
FROM ros:jazzy-ros-base

RUN apt-get update && apt-get install -y --no-install-recommends \
        python3-pip python3-venv python3-colcon-common-extensions build-essential \
        ros-jazzy-tf2-ros-py ros-jazzy-tf2-msgs ros-jazzy-diagnostic-msgs \
        ros-jazzy-nav2-velocity-smoother ros-jazzy-nav2-collision-monitor \
        ros-jazzy-nav2-lifecycle-manager \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /ws/src/bisirl_ros
COPY . .

# Debian's Python is managed: what comes from PyPI goes beside it, and ROS's own rclpy is used.
RUN pip install --break-system-packages --no-cache-dir --ignore-installed \
        --extra-index-url https://download.pytorch.org/whl/cpu \
        "torch>=2.2" safetensors "numpy<3" scipy filterpy gymnasium matplotlib transforms3d rosbags

RUN cd /ws && . /opt/ros/jazzy/setup.sh && colcon build
RUN printf '#!/bin/bash\n. /opt/ros/jazzy/setup.bash\n. /ws/install/setup.bash\nexec "$@"\n' \
        > /entry.sh && chmod +x /entry.sh
ENTRYPOINT ["/entry.sh"]
CMD ["ros2", "launch", "bisirl_ros", "robot.launch.py"]
