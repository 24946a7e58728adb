package belle.proto.bundle;

import java.util.List;
import java.util.Optional;

/** The prompt templates that are known by name. */
public final class PromptTemplates {
    /** BELLE's own: {@code Human: \n{input}\n\nAssistant: \n}, turns joined by a line break. */
    public static final PromptTemplate BELLE = new PromptTemplate(
            "belle",
            "",
            "{system}\nHuman: \n{content}\n\n",
            "Human: \n{content}\n\n",
            "Assistant: \n{content}{eos}",
            "\n");

    /** For models that were not trained on conversations: the messages and nothing else. */
    private static final PromptTemplate PLAIN =
            new PromptTemplate("plain", "", "{system}\n{content}\n", "{content}\n", "{content}{eos}", "\n");

    /** Llama 2 Chat. */
    private static final PromptTemplate LLAMA2 = new PromptTemplate(
            "llama2",
            "",
            "[INST] <<SYS>>\n{system}\n<</SYS>>\n\n{content} [/INST]",
            "[INST] {content} [/INST]",
            " {content} {eos}",
            "{bos}");

    /** Llama 3 Instruct. */
    private static final PromptTemplate LLAMA3 = new PromptTemplate(
            "llama3",
            "",
            "{<|start_header_id|>}system{<|end_header_id|>}\n\n{system}{<|eot_id|>}"
                    + "{<|start_header_id|>}user{<|end_header_id|>}\n\n{content}{<|eot_id|>}",
            "{<|start_header_id|>}user{<|end_header_id|>}\n\n{content}{<|eot_id|>}",
            "{<|start_header_id|>}assistant{<|end_header_id|>}\n\n{content}{<|eot_id|>}",
            "");

    /** ChatML. */
    private static final PromptTemplate CHATML = new PromptTemplate(
            "chatml",
            "",
            "{<|im_start|>}system\n{system}{<|im_end|>}\n{<|im_start|>}user\n{content}{<|im_end|>}\n",
            "{<|im_start|>}user\n{content}{<|im_end|>}\n",
            "{<|im_start|>}assistant\n{content}{<|im_end|>}",
            "\n");

    /** Vicuna, from version 1.1. */
    private static final PromptTemplate VICUNA = new PromptTemplate(
            "vicuna",
            "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful,"
                    + " detailed, and polite answers to the user's questions.",
            "{system} USER: {content} ",
            "USER: {content} ",
            "ASSISTANT: {content}{eos}",
            "");

    /** Stanford Alpaca's form without input. */
    private static final PromptTemplate ALPACA = new PromptTemplate(
            "alpaca",
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.",
            "{system}\n\n### Instruction:\n{content}\n\n",
            "### Instruction:\n{content}\n\n",
            "### Response:\n{content}{eos}",
            "\n\n");

    private static final List<PromptTemplate> ALL = List.of(BELLE, PLAIN, LLAMA2, LLAMA3, CHATML, VICUNA, ALPACA);

    private PromptTemplates() {}

    /** Returns the template of this name. */
    public static Optional<PromptTemplate> named(String name) {
        return ALL.stream().filter(template -> template.name().equals(name)).findFirst();
    }

    /** The known names, BELLE's first. */
    public static List<String> names() {
        return ALL.stream().map(PromptTemplate::name).toList();
    }
}
