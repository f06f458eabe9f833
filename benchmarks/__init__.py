"""Speed and memory beside a baseline measured in the same run; `manage.py bench` lists them."""
