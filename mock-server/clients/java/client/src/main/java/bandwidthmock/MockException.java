package bandwidthmock;

/** The mock cannot be started or reached, or it refuses a request to its control API. */
public final class MockException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;

    MockException(String message) {
        this(message, 0);
    }

    MockException(String message, int status) {
        super("bandwidth-mock: " + message);
        this.status = status;
    }

    /** The status of a refused request to the control API, else 0. */
    public int status() {
        return status;
    }
}
