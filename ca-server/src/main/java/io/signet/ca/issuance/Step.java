package io.signet.ca.issuance;

/** The steps 2 to 7 of docs/issuance.md, and the wait for one's turn after 2. */
public enum Step {
  ATTEST,
  WAIT,
  AUTHORIZE,
  PREPARE,
  INTEND,
  SIGN,
  RECORD
}
