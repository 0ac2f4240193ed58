"""TLPO training: roll-out, exploration, rewards and the trainer."""
