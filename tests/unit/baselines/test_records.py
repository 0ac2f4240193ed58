"""The files that sft, dpo and orpo learn from: what is taken, what is left out, what is refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from tests.baselines import arguments, sampled, write_lines

from tlpo.baselines.records import Material, Response, load_material, warn_of_other_rules
from tlpo.errors import UserError
from tlpo.loop.config import RunConfig


def load(name: str, path: Path, *, seed: int = 3, budget: int | None = None, **run: Any) -> Material:
    config = RunConfig(model="m", method=name, data=str(path), **run)
    return load_material(config, arguments(name, path.parent / "out", seed=seed, rollout_budget=budget))


def complaint(name: str, row: Any, tmp_path: Path) -> str:
    with pytest.raises(UserError) as raised:
        load(name, write_lines(tmp_path / "bad.jsonl", [row]))
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestSampledResponses:
    def test_sft_takes_one_clean_response_of_each_prompt_by_seed(self, tmp_path: Path) -> None:
        rows = sampled(6)
        path = write_lines(tmp_path / "s.jsonl", [*rows, rows[0] | {"id": "x", "responses": rows[0]["responses"][1:2]}])
        found = {seed: load("sft", path, seed=seed) for seed in range(8)}
        for material in found.values():
            assert len(material.examples) == 6  # the last prompt has no clean response
            for row, example in zip(rows, material.examples, strict=True):
                clean = [(one["text"], tuple(one["ids"]), one["finished"]) for one in row["responses"][::2]]
                chosen = example.chosen
                assert (chosen.text, chosen.ids, chosen.finished) in clean
                assert example.rejected is None
            assert material.rollouts.responses == 25
        assert len({tuple(example.chosen.text for example in material.examples) for material in found.values()}) > 2
        assert load("sft", path, seed=5) == found[5]

    @pytest.mark.parametrize("ids", [True, False])
    @pytest.mark.parametrize("name", ["dpo", "orpo"])
    def test_pairs_are_those_of_the_command(self, name: str, ids: bool, tmp_path: Path) -> None:
        """`tlpo data pairs` on the same file and seed, then trained on, is the same as the file of responses."""
        from tlpo.cli.main import main

        rows = sampled(9)
        for row in rows:
            row["id"] = row["id"] if ids else None
        path = write_lines(tmp_path / "s.jsonl", rows)
        pairs = tmp_path / "p.jsonl"
        assert main(["data", "pairs", "--samples", str(path), "--output", str(pairs), "--seed", "3"]) == 0
        direct, made = load(name, path), load(name, pairs)
        assert [(one.prompt, one.chosen, one.rejected) for one in direct.examples] == [
            (one.prompt, one.chosen, one.rejected) for one in made.examples
        ]
        for example in direct.examples:
            assert example.chosen != example.rejected

    def test_prompts_without_both_kinds_have_cost_their_responses_too(self, tmp_path: Path) -> None:
        from tlpo.cli.main import main

        rows = sampled(6)
        rows[2]["responses"] = rows[2]["responses"][::2]  # clean ones alone
        path, pairs = write_lines(tmp_path / "s.jsonl", rows), tmp_path / "p.jsonl"
        assert main(["data", "pairs", "--samples", str(path), "--output", str(pairs)]) == 0
        for file in (path, pairs):
            material = load("dpo", file)
            assert (len(material.examples), material.rollouts.responses) == (5, 22)
            assert load("dpo", file, budget=21).rollouts.responses == 18  # five prompts of 22 in all
        write_lines(path, sampled(3))  # made anew, of fewer prompts: the pairs' own counts are all there is
        assert load("dpo", pairs, seed=4).rollouts.responses == 20
        path.unlink()
        assert load("dpo", pairs, seed=5).rollouts.responses == 20

    def test_other_rules_than_the_runs_are_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        from tlpo.cli.main import main

        path, pairs = write_lines(tmp_path / "s.jsonl", sampled(6)), tmp_path / "p.jsonl"
        (tmp_path / "s.settings.json").write_text('{"settings": {"english": "neutral", "strictness": "default"}}')
        assert main(["data", "pairs", "--samples", str(path), "--output", str(pairs)]) == 0

        def told(file: Path, english: str) -> str:
            caplog.clear()
            run = RunConfig(model="m", method="dpo", data=str(file))
            with caplog.at_level(logging.WARNING):
                warn_of_other_rules(run, arguments("dpo", tmp_path / "out", english=english))
            return caplog.text

        for file in (path, pairs):
            assert "were judged with english neutral, and this run's audits go by confusion" in told(file, "confusion")
            assert told(file, "neutral") == ""
        (tmp_path / "p.report.json").write_text('{"settings": {"english": "confusion"}, "samples": "s.jsonl"}')
        assert told(pairs, "confusion") == ""  # judged anew when the pairs were made


class TestOtherFiles:
    def test_answers(self, tmp_path: Path) -> None:
        rows = [
            {"prompt": "a", "language": "ko", "completion": "b"},
            {"instruction": "a", "input": "c", "language": "ko", "output": "d"},
            {"messages": [{"role": "user", "content": "e"}], "language": "ja", "response": {"text": "f", "ids": [9]}},
            {"prompt": "g", "language": "ko", "chosen": [{"role": "assistant", "content": "h"}], "rejected": "i"},
        ]
        found = load("sft", write_lines(tmp_path / "a.jsonl", rows))
        assert [example.chosen for example in found.examples] == [
            Response("b"), Response("d"), Response("f", (9,)), Response("h"),
        ]  # fmt: skip
        assert found.languages == ["ko", "ja"]
        assert found.rollouts.responses == 0
        assert [one.chosen.text for one in load("sft", tmp_path / "a.jsonl", language=["ja"]).examples] == ["f"]

    def test_pairs_of_texts(self, tmp_path: Path) -> None:
        row = {"prompt": "a", "language": "ko", "chosen": "b", "rejected": "c", "rejected_finished": "length",
               "sampled": 16, "sampled_tokens": 99}  # fmt: skip
        found = load("dpo", write_lines(tmp_path / "p.jsonl", [row, row | {"prompt": "d"}]))
        assert found.examples[0].chosen == Response("b")
        assert found.examples[0].rejected == Response("c", None, "length")
        assert (found.rollouts.responses, found.rollouts.tokens) == (32, 198)

    def test_only_the_runs_prompts(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        rows = sampled(5)
        prompts = write_lines(tmp_path / "prompts.jsonl", [{"prompt": row["prompt"]} for row in rows[1:3]])
        path = write_lines(tmp_path / "s.jsonl", rows)
        with caplog.at_level(logging.WARNING):
            found = load("dpo", path, prompts=str(prompts), language=["ko"])
        assert [example.prompt for example in found.examples] == [row["prompt"] for row in rows[1:3]]
        assert found.rollouts.responses == 8
        assert "3 records of" in caplog.text

    def test_the_file_may_be_read_from_anywhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Pairs name the responses that they were made of as seen from their own folder."""
        from tlpo.cli.main import main

        rows = sampled(3)
        rows[2]["responses"] = rows[2]["responses"][::2]
        write_lines(tmp_path / "s.jsonl", rows)
        (tmp_path / "made").mkdir()
        monkeypatch.chdir(tmp_path)
        assert main(["data", "pairs", "--samples", "s.jsonl", "--output", "made/p.jsonl"]) == 0
        monkeypatch.chdir("/")
        assert load("dpo", tmp_path / "made/p.jsonl").rollouts.responses == 10
        (tmp_path / "s.jsonl").unlink()
        with caplog.at_level(logging.WARNING):
            assert load("dpo", tmp_path / "made/p.jsonl", seed=1).rollouts.responses == 8
        assert "which is not there" in caplog.text

    def test_the_budget_pays_for_prompts_of_every_language_whatever_the_order_of_the_file(self, tmp_path: Path) -> None:
        """The longest may come first, or one language after the other: the seed decides which are taken."""
        rows = [
            {"prompt": f"{code} {number}", "language": code, "chosen": "b", "rejected": "c", "sampled": 4}
            for code in ("ko", "ja", "zh", "ar")
            for number in range(20)
        ]
        file = write_lines(tmp_path / "p.jsonl", rows)
        turned = write_lines(tmp_path / "turned.jsonl", rows[::-1])
        taken = [{one.prompt for one in load("dpo", path, seed=seed, budget=160).examples}
                 for seed in range(3) for path in (file, turned)]  # fmt: skip
        for prompts in taken:
            assert len(prompts) == 40
            # Without order a language has 10 of 40 on average; 3 or 17 would be chance of one in a thousand.
            for code in ("ko", "ja", "zh", "ar"):
                assert 3 < sum(prompt.startswith(code) for prompt in prompts) < 17
        assert taken[0] == taken[1]
        assert taken[0] != taken[2]

    def test_the_budget_ends_the_reading(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "s.jsonl", sampled(5))
        assert [len(load("dpo", path, budget=budget).examples) for budget in (4, 7, 8, 100)] == [1, 1, 2, 5]
        with pytest.raises(UserError, match="rollout_budget is 3, fewer than the responses to one prompt"):
            load("dpo", path, budget=3)


class TestWhatIsRefused:
    def test_no_file(self, tmp_path: Path) -> None:
        for name, stage in (("sft", "answers"), ("dpo", "pairs"), ("orpo", "pairs")):
            with pytest.raises(UserError, match=f"method {name} learns from a file of responses: .*tlpo data {stage}"):
                load_material(RunConfig(model="m", method=name), arguments(name, tmp_path))
        with pytest.raises(UserError, match="does not exist"):
            load("dpo", tmp_path / "absent.jsonl")

    def test_records(self, tmp_path: Path) -> None:
        base = {"prompt": "a", "language": "ko"}
        assert "line 1: no response: give 'responses'" in complaint("sft", base, tmp_path)
        assert "neither 'responses' nor 'chosen' and 'rejected'" in complaint("dpo", base | {"chosen": "b"}, tmp_path)
        assert "'completion' is empty: leave the record out" in complaint("sft", base | {"completion": ""}, tmp_path)
        assert "is neither text nor an object with 'text': '7'" in complaint("sft", base | {"response": 7}, tmp_path)
        ids = {"responses": [{"text": "b", "ids": ["x"], "verdict": "clean"}]}
        assert "its ids are no list of whole numbers" in complaint("sft", base | ids, tmp_path)
        assert "'responses' is no list of objects" in complaint("sft", base | {"responses": "b"}, tmp_path)
        assert "no 'language'" in complaint("sft", {"prompt": "a", "completion": "b"}, tmp_path)

    def test_nothing_to_learn(self, tmp_path: Path) -> None:
        row = sampled(1)[0]
        clean = row | {"responses": row["responses"][::2]}
        confused = row | {"responses": row["responses"][1::2]}
        assert "holds no pair for this run" in complaint("orpo", clean, tmp_path)
        assert "holds no clean response for this run" in complaint("sft", confused, tmp_path)

    def test_a_changed_file_is_read_again(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "s.jsonl", sampled(2))
        assert len(load("dpo", path).examples) == 2
        write_lines(path, sampled(3))
        assert len(load("dpo", path).examples) == 3
        assert json.loads(path.read_text().splitlines()[0])["id"] == "p0"
