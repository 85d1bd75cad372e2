"""Packaging of bisirl_ros (ament_python): `bisirl_ros/`, and `sim/` as `bisirl_sim`."""

from glob import glob

from setuptools import find_packages, setup

NAME = "bisirl_ros"
NODES = (  # as bisirl_ros.entry.NODES, which cannot be imported before it is installed
    "sim_node",
    "human_node",
    "bisirl_node",
    "recording_node",
    "report_node",
    "people_report_node",
    "recorder_node",
)

setup(
    name=NAME,
    version="0.1.0",
    description="Interactive inverse reinforcement learning for human-robot interaction (BISIRL)",
    license="Apache-2.0",
    maintainer="bisirl_ros maintainers",
    maintainer_email="bisirl-ros@example.org",
    python_requires=">=3.10",
    package_dir={"bisirl_sim": "sim"},
    packages=[
        *find_packages(include=[NAME, NAME + ".*"]),
        "bisirl_sim",
        *("bisirl_sim." + package for package in find_packages("sim")),
    ],
    package_data={
        "bisirl_ros": ["py.typed"],
        "bisirl_ros.robots": ["*.yaml"],
        "bisirl_ros.scenarios": ["*.yaml"],
        "bisirl_ros.view": ["web/*"],
        "bisirl_sim": ["assets/*.urdf"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/" + NAME]),
        ("share/" + NAME, ["package.xml"]),
        ("share/" + NAME + "/launch", glob("launch/*.launch.py")),
        ("share/" + NAME + "/config", glob("config/*")),
    ],
    install_requires=[
        "numpy",
        "torch>=2.2",
        "safetensors>=0.4",
        "PyYAML",
        "matplotlib",
        "transforms3d>=0.4.2",
        "gymnasium>=1.0",
        "scipy>=1.10",
        "filterpy>=1.4",
    ],
    extras_require={
        "sim": ["pybullet"],
        "orca": ["pyrvo"],
        "bags": ["rosbags"],
        "foxglove": ["mcap"],
        "ray": ["ray"],
        "pedpy": ["pedpy"],
        "ros": [
            "ros-rclpy[fastrtps]",
            "ros-rosgraph-msgs",
            "ros-std-msgs",
            "ros-std-srvs",
            "ros-geometry-msgs",
            "ros-nav-msgs",
            "ros-diagnostic-msgs",
            "ros-sensor-msgs",
            "ros-visualization-msgs",
        ],
        "test": [
            "hypothesis",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
            "ruff",
            "mypy",
            "types-PyYAML",
        ],
    },
    entry_points={
        "console_scripts": [
            "bisirl = bisirl_ros.cli:main",
            *(f"{node} = bisirl_ros.entry:{node}" for node in NODES),
        ],
    },
    zip_safe=False,
)
