package io.signet.ca.issuance;

/** The call by which a request came: what is known of it before anything is proven. */
public interface Call {

  /** Its name in our logs; the caller is told it, so that a person can ask for those lines. */
  String id();

  /** Where it came from: an IP address, or the user at the other end of a Unix socket. */
  String address();

  /**
   * Whether nobody waits for the answer any more: the caller is gone, its deadline has passed, or
   * ours (ISTIO-30).
   */
  boolean isOver();
}
