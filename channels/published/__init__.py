"""What readers outside get of products: live revisions and nothing else, through the same gate as every channel."""
