package io.signet.ca.issuance;

/** A call as a test describes it. */
public record FakeCall(String id, String address, boolean isOver) implements Call {

  /** One whose caller waits. */
  public static FakeCall from(String address) {
    return new FakeCall("call-1", address, false);
  }
}
