"""The methods that TLPO is compared with: SFT, DPO, ORPO and GRPO, trained by TRL.

What is here maps the common options and the data; the training itself is TRL's. `trl_trainers` alone imports TRL, the
extra ``trl``.
"""
