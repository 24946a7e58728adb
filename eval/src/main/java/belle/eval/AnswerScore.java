package belle.eval;

/**
 * How well a model predicts a question's reference answer.
 *
 * @param item the question's number
 * @param tokens of the reference, in the model's own count
 * @param characters of the reference: code points
 * @param sumNll the sum of the tokens' negative log-likelihoods (natural logarithm)
 * @param failure why there is no score; empty if there is one
 */
public record AnswerScore(long item, int tokens, int characters, double sumNll, String failure) implements Entry {}
