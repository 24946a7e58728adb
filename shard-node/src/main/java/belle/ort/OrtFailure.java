package belle.ort;

/** What ONNX Runtime, or a device's driver, says has gone wrong: one line. */
public final class OrtFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    OrtFailure(String message) {
        super(message);
    }
}
