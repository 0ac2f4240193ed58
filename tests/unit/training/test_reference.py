"""The reference of an adapter is the policy itself, which has to come back as it was."""

from __future__ import annotations

import pytest
from peft import LoraConfig, get_peft_model
from tests.models import tiny_model

from tlpo.training.reference import Reference


@pytest.mark.parametrize("training", [True, False])
def test_an_error_leaves_the_policy_in_its_mode(training: bool) -> None:
    policy = get_peft_model(tiny_model(), LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM")).train(training)
    reference = Reference(policy, is_adapter=True)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="out of memory"), reference.model():
        raise RuntimeError("out of memory")
    assert policy.training is training
