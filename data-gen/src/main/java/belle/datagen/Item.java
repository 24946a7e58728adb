package belle.datagen;

/** An instruction, the text that it is about (empty for none), and what a good answer says. */
public record Item(String instruction, String input, String output) {}
