"""python -m belle_train RECIPE.yaml: trains, goes on where it was stopped, and leaves a checkpoint to export."""
import argparse
import dataclasses
import json
import pathlib
import sys

import torch
import transformers

from . import blocks, items, recipe as recipes


def arguments():
    parser = argparse.ArgumentParser(prog="belle_train", description=__doc__)
    parser.add_argument("recipe", help="a file of configs/, or one of your own")
    for name in ("data", "output", "model", "deepspeed"):
        parser.add_argument("--" + name, help=f"in place of the recipe's {name}")
    for name in ("max-items", "max-steps", "seed", "batch", "accumulate"):
        parser.add_argument("--" + name, type=int, help=f"in place of the recipe's {name.replace('-', '_')}")
    parser.add_argument("--threads", type=int, help="cores to use on a CPU")
    parser.add_argument("--fresh", action="store_true", help="do not go on from a checkpoint in the output folder")
    return parser.parse_args()


def on_cpu(recipe):
    return recipe.only_cpu or not torch.cuda.is_available()


def on_this_machine(recipe):
    """Returns the recipe with the precision that this machine computes in: bf16 is emulated, hundreds of times slower, on a CPU
    that has no instructions for it."""
    if not recipe.bf16 or not on_cpu(recipe) or torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return recipe
    print("bf16: this processor has no instructions for it, so the training computes in f32", flush=True)
    return dataclasses.replace(recipe, bf16=False)


def load_model(recipe):
    """Returns (model, tokenizer) in the precision of training."""
    kind = torch.bfloat16 if recipe.bf16 and torch.cuda.is_available() and recipe.lora else torch.float32
    source = recipe.tokenizer or recipe.model
    if source is None:
        raise recipes.RecipeError("tokenizer is needed beside architecture")
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    if recipe.model is not None:
        model = transformers.AutoModelForCausalLM.from_pretrained(recipe.model, dtype=kind)
    else:
        config = transformers.AutoConfig.for_model(**json.loads(pathlib.Path(recipe.architecture).read_text("utf-8")))
        if config.vocab_size < len(tokenizer):
            raise recipes.RecipeError(f"{recipe.architecture}: vocab_size is {config.vocab_size}, the tokenizer has {len(tokenizer)}")
        model = transformers.AutoModelForCausalLM.from_config(config)
    model.config.use_cache = False
    if recipe.lora is not None:
        import peft

        lora = recipe.lora
        model = peft.get_peft_model(model, peft.LoraConfig(
            r=lora.r, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.targets),
            task_type="CAUSAL_LM"))
        if recipe.gradient_checkpointing:
            model.enable_input_require_grads()
    return model, tokenizer


def load_blocks(recipe, tokenizer):
    """Returns the blocks to train on, and those held out of it to measure."""
    encoder = blocks.Encoder(tokenizer, recipe.loss_on_prompt)
    conversations = blocks.shuffled(items.read(recipe.data, recipe.max_items), recipe.seed)
    if len(conversations) <= recipe.held_out:
        raise recipes.RecipeError(f"{recipe.data}: {len(conversations)} items, and {recipe.held_out} are to be held out")
    cut = blocks.packed if recipe.packing else blocks.single
    held, rest = conversations[:recipe.held_out], conversations[recipe.held_out:]
    return tuple(blocks.Blocks(cut(map(encoder.encode, some), recipe.block_tokens)) for some in (rest, held))


def trainer_settings(recipe):
    cpu = on_cpu(recipe)
    return transformers.TrainingArguments(
        output_dir=recipe.output,
        per_device_train_batch_size=recipe.batch,
        per_device_eval_batch_size=recipe.batch,
        gradient_accumulation_steps=recipe.accumulate,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup,  # below 1: a share of all steps
        weight_decay=recipe.weight_decay,
        adam_beta2=recipe.adam_beta2,
        bf16=recipe.bf16,
        fp16=recipe.fp16,
        torch_compile=recipe.compile,
        gradient_checkpointing=recipe.gradient_checkpointing,
        deepspeed=recipe.deepspeed,
        save_steps=recipe.save_steps,
        save_total_limit=recipe.keep,
        eval_strategy="steps" if recipe.held_out else "no",
        eval_steps=recipe.save_steps,
        logging_steps=recipe.log_steps,
        seed=recipe.seed,
        data_seed=recipe.seed,
        use_cpu=cpu,
        dataloader_drop_last=recipe.compile,  # one shape, compiled once
        dataloader_pin_memory=not cpu,
        report_to=[],
        remove_unused_columns=False,
    )


def train(args):
    recipe = recipes.load(args.recipe, data=args.data, output=args.output, model=args.model, deepspeed=args.deepspeed,
                          max_items=args.max_items, max_steps=args.max_steps, seed=args.seed, batch=args.batch,
                          accumulate=args.accumulate)
    recipe = on_this_machine(recipe)
    transformers.set_seed(recipe.seed)
    if args.threads:
        torch.set_num_threads(args.threads)
    model, tokenizer = load_model(recipe)
    data, held = load_blocks(recipe, tokenizer)
    print(f"{len(data)} blocks of at most {recipe.block_tokens} tokens, {len(held)} held out, "
          f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,} weights to train", flush=True)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    trainer = transformers.Trainer(
        model=model, args=trainer_settings(recipe), train_dataset=data, eval_dataset=held if recipe.held_out else None,
        data_collator=blocks.Collator(pad), processing_class=tokenizer)
    last = None if args.fresh else transformers.trainer_utils.get_last_checkpoint(recipe.output) \
        if pathlib.Path(recipe.output).is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    if recipe.held_out:
        print(json.dumps(trainer.evaluate()), flush=True)
    final = pathlib.Path(recipe.output) / "final"
    if recipe.save_half:
        model.half()
    trainer.save_model(str(final))
    tokenizer.save_pretrained(str(final))
    (final / "curve.json").write_text(json.dumps(trainer.state.log_history, indent=1), "utf-8")
    print(f"{final}: export it with: belle export " + (f"MODEL --lora {final}" if recipe.lora else str(final)))


def main():
    try:
        train(arguments())
    except recipes.RecipeError as problem:
        sys.exit(f"belle_train: {problem}")


if __name__ == "__main__":
    main()
