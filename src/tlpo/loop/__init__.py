"""What a training run needs whatever its method: options, folder, checkpoints that survive a kill, Ctrl-C, saving."""
