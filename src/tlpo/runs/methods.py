"""The training methods by name: which options they have, what they refuse, and who trains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlpo.loop.run import languages_of

if TYPE_CHECKING:
    from tlpo.baselines.config import GRPOArguments
    from tlpo.loop.config import MethodConfig, RunConfig


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes:
        config: the class of its arguments.
        check_inputs: ``(run, args, model, tokenizer)``; raises UserError for what the method cannot use.
        make_trainer: ``(run, args, model, tokenizer)``; returns its trainer.
        languages: ``(run, args)``; the languages of the answers that it trains on.
        told: sentence for the model card; None for the card's own about TLPO.
    """

    config: type[MethodConfig]
    check_inputs: Callable[[RunConfig, Any, Any, Any], None]
    make_trainer: Callable[[RunConfig, Any, Any, Any], Any]
    languages: Callable[[RunConfig, Any], list[str]]
    told: str | None = None


def method(name: str) -> Method:
    """The method of that name (see `tlpo.loop.config.METHODS`)."""
    if name == "tlpo":
        from tlpo.training.config import TLPOConfig
        from tlpo.training.run import check_inputs, make_trainer

        return Method(TLPOConfig, check_inputs, make_trainer, _prompt_languages)
    from tlpo.baselines import methods
    from tlpo.baselines.config import ARGUMENTS

    make = _make_grpo if name == "grpo" else methods.make_trainer
    return Method(ARGUMENTS[name], methods.check_inputs, make, methods.languages, methods.TOLD[name])


def defaults(name: str) -> dict[str, Any]:
    """What a training by that method does where nothing else is said: every option's default, and the recipes'."""
    from tlpo.config import describe
    from tlpo.loop.config import MethodConfig, RunConfig

    kinds = (RunConfig, MethodConfig, method(name).config)
    found = {option: default for kind in kinds for option, default, _ in describe(kind)}
    if name == "tlpo":
        from tlpo.training.config import RECIPES

        found["recipe"] = RECIPES
    return found


def _prompt_languages(run: RunConfig, args: Any) -> list[str]:
    return languages_of(run)


def _make_grpo(run: RunConfig, args: GRPOArguments, model: Any, tokenizer: Any) -> Any:
    """GRPO with the project's reward, which the baselines' own floor may not import."""
    from tlpo.baselines.methods import make_trainer
    from tlpo.integrations import LanguageConsistencyReward

    mode: Any = args.reward
    reward = LanguageConsistencyReward(mode=mode, english=args.english, strictness=args.strictness)
    return make_trainer(run, args, model, tokenizer, reward=reward)
