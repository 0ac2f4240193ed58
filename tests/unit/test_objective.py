"""The objective against values derived by hand and against brute force."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import tiny_model
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from tlpo.modeling.batching import left_pad
from tlpo.modeling.logprobs import next_token_logits
from tlpo.objective import (
    candidate_logps,
    clean_kl,
    clipped_surrogate,
    entropy,
    exact_kl,
    group_advantages,
    has_signal,
    k3_kl,
    mean_over_positions,
    point_losses,
)


def tensor(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def everyone(rewards: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(rewards, dtype=torch.bool)


def test_probability_advantages_by_hand() -> None:
    # p = 0.5, 0.3, 0.2 and R = +1, -1, -1: mu = (0.5 - 0.3 - 0.2) / 1 = 0, w = p R, sum |w| = 1.
    rewards = tensor([1.0, -1.0, -1.0])
    found = group_advantages(tensor([0.5, 0.3, 0.2]), rewards, everyone(rewards))
    torch.testing.assert_close(found, tensor([0.5, -0.3, -0.2]), rtol=0, atol=1e-15)


def test_probabilities_that_do_not_sum_to_one_by_hand() -> None:
    # mu = (0.1 - 0.3) / 0.4 = -0.5; w = 0.1 * 1.5, 0.3 * -0.5 = 0.15, -0.15; sum |w| = 0.3.
    rewards = tensor([1.0, -1.0])
    found = group_advantages(tensor([0.1, 0.3]), rewards, everyone(rewards))
    torch.testing.assert_close(found, tensor([0.5, -0.5]), rtol=0, atol=1e-15)


def test_three_different_rewards_by_hand() -> None:
    # mu = (0.2 * 1 + 0.4 * 0 + 0.4 * -1) / 1 = -0.2; w = 0.24, 0.08, -0.32; sum |w| = 0.64.
    rewards = tensor([1.0, 0.0, -1.0])
    found = group_advantages(tensor([0.2, 0.4, 0.4]), rewards, everyone(rewards))
    torch.testing.assert_close(found, tensor([0.375, 0.125, -0.5]), rtol=0, atol=1e-15)


def test_one_candidate_holds_all_the_probability_there_is() -> None:
    # w_1 = p_1 p_2 (R_1 - R_2) / sum p = -w_2, however small p_2 is: R_1 - mu = 2e-17 is no difference in doubles.
    rewards = tensor([1.0, -1.0])
    found = group_advantages(tensor([1.0, 1e-17]), rewards, everyone(rewards))
    torch.testing.assert_close(found, tensor([0.5, -0.5]), rtol=0, atol=1e-15)


def test_the_two_ablations_by_hand() -> None:
    # mean R = 0.5, deviations 0.5, 0.5, 0.5, -1.5; variance (3 * 0.25 + 2.25) / 4 = 0.75.
    rewards, probs = tensor([1.0, 1.0, 1.0, -1.0]), tensor([0.7, 0.1, 0.1, 0.1])
    centred = group_advantages(probs, rewards, everyone(rewards), "centered")
    torch.testing.assert_close(centred, tensor([0.5, 0.5, 0.5, -1.5]))
    normalized = group_advantages(probs, rewards, everyone(rewards), "normalized")
    torch.testing.assert_close(normalized, tensor([0.5, 0.5, 0.5, -1.5]) / math.sqrt(0.75))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'probability', 'centered' or 'normalized', not 'mean'"):
        group_advantages(tensor([0.5, 0.5]), tensor([1.0, -1.0]), everyone(tensor([1.0, 1.0])), "mean")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["probability", "centered", "normalized"])
def test_a_candidate_outside_the_group_changes_nothing(kind: str) -> None:
    probs, rewards = tensor([0.3, 0.5, 0.1]), tensor([1.0, -1.0, -1.0])
    mask = torch.tensor([[True, False, True]])
    found = group_advantages(probs, rewards, mask, kind)  # type: ignore[arg-type]
    alone = group_advantages(probs[:, [0, 2]], rewards[:, [0, 2]], everyone(rewards[:, [0, 2]]), kind)  # type: ignore[arg-type]
    assert found[0, 1] == 0
    torch.testing.assert_close(found[:, [0, 2]], alone, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["probability", "centered", "normalized"])
@pytest.mark.parametrize("reward", [1.0, -1.0, 0.0, 0.1, 1 / 3, -0.7])
def test_equal_rewards_give_exact_zeros(kind: str, reward: float) -> None:
    """Sixteen thirds do not sum to sixteen thirds: rounding must not become an advantage of full size."""
    for dtype in (torch.float32, torch.float64):
        generator = torch.Generator().manual_seed(5)
        probs = torch.rand(40, 16, generator=generator, dtype=dtype) * 1e-3
        rewards = torch.full((40, 16), reward, dtype=dtype)
        found = group_advantages(probs, rewards, everyone(rewards), kind)  # type: ignore[arg-type]
        assert torch.equal(found, torch.zeros_like(found))


def test_rewards_equal_among_the_members_only_have_no_signal() -> None:
    rewards = tensor([1.0, 1.0, -1.0], [1.0, -1.0, -1.0], [1.0, -1.0, 0.0])
    mask = torch.tensor([[True, True, False], [True, True, False], [False, False, False]])
    assert has_signal(rewards, mask).tolist() == [False, True, False]
    assert torch.equal(group_advantages(rewards.abs(), rewards, mask)[[0, 2]], torch.zeros(2, 3, dtype=torch.float64))


def test_one_member_has_no_signal() -> None:
    assert has_signal(tensor([1.0, -1.0]), torch.tensor([[True, False]])).tolist() == [False]


def test_underflowed_probabilities_give_finite_advantages() -> None:
    rewards = torch.tensor([[1.0, -1.0]])
    found = group_advantages(torch.zeros(1, 2), rewards, everyone(rewards))
    torch.testing.assert_close(found, torch.tensor([[0.5, -0.5]]))


groups = st.integers(2, 16).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(1e-6, 1.0) | st.floats(1e-30, 1e-6), min_size=n, max_size=n),
        st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
    )
)


@settings(max_examples=100, deadline=None)
@given(groups)
def test_advantages_sum_to_zero_and_their_sizes_to_one(group: tuple[list[float], list[float], list[bool]]) -> None:
    probs, rewards, mask = tensor(group[0]), tensor(group[1]), torch.tensor([group[2]])
    found = group_advantages(probs, rewards, mask)
    members = [reward for reward, member in zip(group[1], group[2], strict=True) if member]
    if len(set(members)) < 2:
        assert not found.any()
        return
    assert abs(float(found.sum())) < 1e-12
    assert float(found.abs().sum()) == pytest.approx(1.0, abs=1e-12)
    # Better rewards never get a smaller sign: the order of signs follows the rewards.
    mean = sum(p * r for p, r, m in zip(*group, strict=True) if m) / sum(p for p, _, m in zip(*group, strict=True) if m)
    for value, reward, member in zip(found[0].tolist(), group[1], group[2], strict=True):
        if member and abs(reward - mean) > 1e-9:
            assert (value > 0) == (reward > mean)
        elif not member:
            assert value == 0


@pytest.mark.parametrize(
    ("ratio", "advantage", "expected", "slope"),
    [
        (1.0, 2.0, 2.0, 1.0),
        (1.1, 2.0, 2.2, 1.0),  # inside the range
        (1.5, 2.0, 2.4, 0.0),  # a good token is pushed up to 1.2 and no further
        (0.5, 2.0, 1.0, 1.0),  # a good token that fell is pulled back without limit
        (0.5, -2.0, -1.6, 0.0),  # a bad token is pushed down to 0.8 and no further
        (1.5, -2.0, -3.0, 1.0),  # a bad token that rose is pushed back without limit
    ],
)
def test_clipping_on_both_sides(ratio: float, advantage: float, expected: float, slope: float) -> None:
    logps = tensor([math.log(0.2 * ratio)]).requires_grad_()
    found = clipped_surrogate(logps, tensor([math.log(0.2)]), tensor([advantage]), epsilon=0.2)
    assert found.item() == pytest.approx(expected, rel=1e-12)
    (gradient,) = torch.autograd.grad(found.sum(), logps)
    # d(r A)/d(log pi) = r A where the clip does not act, else nothing.
    assert float(gradient) == pytest.approx(slope * ratio * advantage, rel=1e-12)


def test_k3_by_hand_and_its_expectation() -> None:
    # d = ln 2: exp(d) - d - 1 = 1 - ln 2; d = 0: 0.
    found = k3_kl(tensor([math.log(0.25), math.log(0.5)]), tensor([math.log(0.5), math.log(0.5)]))
    torch.testing.assert_close(found, tensor([1 - math.log(2), 0.0]), rtol=0, atol=1e-15)
    # Under pi_theta the estimator's mean is the exact KL.
    logits, ref = torch.randn(2, 1, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    logps, ref_logps = torch.log_softmax(logits, -1), torch.log_softmax(ref, -1)
    mean = (logps.exp() * k3_kl(logps, ref_logps)).sum(-1)
    torch.testing.assert_close(mean, exact_kl(logits, ref), rtol=1e-12, atol=0)


def test_exact_kl_and_entropy_against_plain_python() -> None:
    logits, ref = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(2)).double()
    for row in range(3):
        p = [math.exp(x) for x in logits[row].tolist()]
        q = [math.exp(x) for x in ref[row].tolist()]
        p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
        kl = sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))
        assert float(exact_kl(logits, ref)[row]) == pytest.approx(kl, rel=1e-12)
        assert float(entropy(logits)[row]) == pytest.approx(-sum(a * math.log(a) for a in p), rel=1e-5)
    assert torch.equal(exact_kl(logits, logits), torch.zeros(3, dtype=torch.float64))


def test_the_mean_is_over_the_positions_that_count() -> None:
    values, mask = tensor([7.0, 1.0, 4.0], [7.0, 7.0, 7.0]), torch.tensor([[0, 1, 1], [0, 0, 0]])
    assert mean_over_positions(values, mask).tolist() == [2.5, 0]


CONFUSED = torch.tensor([False, True, False, False, True])


def test_clean_kl_against_plain_python() -> None:
    """From the reference to the policy, both renormalised over tokens 0, 2 and 3."""
    logits, ref = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(2)).double()
    for row in range(3):
        p, q = ([math.exp(values[row, token]) for token in (0, 2, 3)] for values in (logits, ref))
        kl = sum(b / sum(q) * math.log(b / sum(q) / (a / sum(p))) for a, b in zip(p, q, strict=True))
        assert float(clean_kl(logits, ref, CONFUSED)[row]) == pytest.approx(kl, rel=1e-12)


def test_clean_kl_leaves_wrong_tokens_alone() -> None:
    """To move them changes nothing, however far, and they get no gradient; the others are held."""
    ref = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    logits = (ref + torch.tensor([0.0, -50.0, 0.0, 0.0, 9.0])).requires_grad_()
    assert clean_kl(logits, ref, CONFUSED).tolist() == pytest.approx([0, 0], abs=1e-14)
    moved = ref + torch.tensor([1.0, 1.0, 0.0, 0.0, 0.0])
    found = clean_kl(moved.requires_grad_(), ref, CONFUSED[None])
    assert (found > 0.01).all()
    (gradient,) = torch.autograd.grad(found.sum(), moved)
    assert (gradient[:, CONFUSED] == 0).all()
    assert (gradient[:, 0] > 0).all()
    assert (gradient[:, 2:4] < 0).all()


def test_clean_kl_gradient_against_finite_differences() -> None:
    logits, ref = torch.randn(2, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.autograd.gradcheck(lambda x: clean_kl(x, ref, CONFUSED), logits.requires_grad_())


def test_exact_kl_gradient_against_finite_differences() -> None:
    logits, ref = torch.randn(2, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    assert torch.autograd.gradcheck(lambda x: exact_kl(x, ref), logits.requires_grad_())


def test_point_loss_by_hand() -> None:
    # -((1 - 0.5 * 0.2) + (-3 - 0.5 * 0.4)) / 2 = 1.15; the third candidate is no member.
    surrogate, kl = tensor([1.0, -3.0, 100.0]), tensor([0.2, 0.4, 100.0])
    mask = torch.tensor([[True, True, False]])
    assert float(point_losses(surrogate, kl, mask, beta=0.5)) == pytest.approx(1.15, rel=1e-12)
    # A KL per point counts once: -((1 - 3) / 2 - 0.5 * 0.7).
    assert float(point_losses(surrogate, tensor([0.7])[0], mask, beta=0.5)) == pytest.approx(1.35, rel=1e-12)
    assert float(point_losses(surrogate, None, mask, beta=0.5)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("per_candidate", [True, False])
def test_a_point_without_members_gives_zero_and_a_zero_gradient(per_candidate: bool) -> None:
    logps = tensor([-1.0, -2.0]).requires_grad_()
    kl = k3_kl(logps, tensor([-3.0, -1.0]))
    loss = point_losses(logps.exp(), kl if per_candidate else kl.sum(-1), torch.zeros(1, 2, dtype=torch.bool), beta=0.1)
    assert loss.item() == 0
    (gradient,) = torch.autograd.grad(loss.sum(), logps)
    assert torch.equal(gradient, torch.zeros_like(gradient))


def test_candidate_logps_in_low_precision_are_computed_in_float32() -> None:
    logits = torch.randn(2, 300, generator=torch.Generator().manual_seed(4)).bfloat16()
    ids = torch.tensor([[0, 5, 299], [7, 7, 8]])
    expected = torch.log_softmax(logits.double(), -1).gather(-1, ids)
    found = candidate_logps(logits, ids)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    assert candidate_logps(logits.double(), ids).dtype == torch.float64


def double_model(architecture: str, seed: int) -> torch.nn.Module:
    """In double precision throughout: Llama's own norm would compute in float32."""
    model = tiny_model(architecture, seed=seed, dtype=torch.float64)
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, LlamaRMSNorm):
                setattr(parent, name, torch.nn.RMSNorm(len(child.weight), child.variance_epsilon, dtype=torch.float64))
    return model


@pytest.mark.parametrize("estimator", ["k3", "exact"])
@pytest.mark.parametrize("architecture", ["llama", "gemma3", "gpt2"])
def test_one_row_has_the_gradient_of_replicated_rows(architecture: str, estimator: str) -> None:
    """Brute force, as published: N full-length rows a point, each with its candidate appended, logits everywhere."""
    model, reference, earlier = (double_model(architecture, seed) for seed in (0, 1, 2))
    prefixes = [[9, 17, 33, 80, 6, 11, 45, 20, 31, 77, 5, 12], [40, 41, 300]]
    candidates = torch.tensor([[7, 99, 250, 13], [60, 61, 62, 63]])
    advantages = tensor([0.4, -0.5, 0.1, 0.0], [0.2, 0.3, -0.5, 0.0])
    mask = torch.tensor([[True, True, True, True], [True, True, True, False]])
    with torch.no_grad():
        old = torch.stack([_brute_logps(earlier, p, c) for p, c in zip(prefixes, candidates, strict=True)])
    beta, epsilon = 0.04, 0.2

    inputs = left_pad(prefixes, 0).as_inputs()
    logits = next_token_logits(model, inputs)
    logps = candidate_logps(logits, candidates)
    with torch.no_grad():
        ref_logits = next_token_logits(reference, inputs)
    kl = exact_kl(logits, ref_logits) if estimator == "exact" else k3_kl(logps, candidate_logps(ref_logits, candidates))
    losses = point_losses(clipped_surrogate(logps, old, advantages, epsilon), kl, mask, beta)
    losses.mean().backward()
    one_row = [p.grad.clone() for p in model.parameters() if p.grad is not None]

    model.zero_grad()
    brute = torch.stack(
        [
            _brute_loss(model, reference, prefix, c, o, a, m, estimator, beta, epsilon)
            for prefix, c, o, a, m in zip(prefixes, candidates, old, advantages, mask, strict=True)
        ]
    )
    brute.mean().backward()
    replicated = [p.grad for p in model.parameters() if p.grad is not None]

    torch.testing.assert_close(losses, brute, rtol=1e-10, atol=1e-12)
    assert len(one_row) == len(replicated) > 5
    distance = sum(float((a - b).square().sum()) for a, b in zip(one_row, replicated, strict=True)) ** 0.5
    size = sum(float(b.square().sum()) for b in replicated) ** 0.5
    assert size > 1e-4
    # Gemma's norm computes in float32 whatever the weights' type.
    assert distance / size < (1e-6 if architecture == "gemma3" else 1e-9)


def _brute_logps(model: torch.nn.Module, prefix: list[int], candidates: torch.Tensor) -> torch.Tensor:
    rows = torch.tensor([[*prefix, int(token)] for token in candidates])
    logps = torch.log_softmax(model(rows, use_cache=False).logits, dim=-1)
    return logps[torch.arange(len(rows)), len(prefix) - 1, candidates]


def _brute_loss(
    model: torch.nn.Module,
    reference: torch.nn.Module,
    prefix: list[int],
    candidates: torch.Tensor,
    old: torch.Tensor,
    advantages: torch.Tensor,
    mask: torch.Tensor,
    estimator: str,
    beta: float,
    epsilon: float,
) -> torch.Tensor:
    logps = _brute_logps(model, prefix, candidates)
    with torch.no_grad():
        ref_logps = _brute_logps(reference, prefix, candidates)
        ref_all = torch.log_softmax(reference(torch.tensor([prefix]), use_cache=False).logits[0, -1], -1)
    everything = torch.log_softmax(model(torch.tensor([prefix]), use_cache=False).logits[0, -1], -1)
    total, members = torch.zeros((), dtype=torch.float64), 0
    for i in range(len(candidates)):
        if not mask[i]:
            continue
        members += 1
        ratio = torch.exp(logps[i] - old[i])
        clipped = torch.clamp(ratio, 1 - epsilon, 1 + epsilon)
        delta = ref_logps[i] - logps[i]
        k3 = torch.exp(delta) - delta - 1
        kl = (everything.exp() * (everything - ref_all)).sum() if estimator == "exact" else k3
        total = total + torch.min(ratio * advantages[i], clipped * advantages[i]) - beta * kl
    return -total / members


def test_a_padded_position_that_is_no_number_does_not_count() -> None:
    values = tensor([2.0, math.nan, 4.0]).requires_grad_()
    found = mean_over_positions(values, torch.tensor([[1, 0, 1]]))
    assert found.tolist() == [3.0]
    (gradient,) = torch.autograd.grad(found.sum(), values)
    assert gradient.tolist() == [[0.5, 0.0, 0.5]]
