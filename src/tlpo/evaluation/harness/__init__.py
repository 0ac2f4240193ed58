"""EleutherAI's lm-eval: its tasks run on a loaded model, and this project's tasks and metrics for its users.

Task files lie in `tasks/`, for `lm_eval --include_path` as well; `tlpo evaluate --task_folder` prints where.
"""

from pathlib import Path

TASK_FOLDER = Path(__file__).parent / "tasks"
