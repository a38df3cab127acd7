package io.signet.sds;

/** How a proxy is told whom to trust (NAME-7, FLD-3, FLD-6). */
public enum BundleForm {
  /** One trust domain as {@code trusted_ca}; several together by the SPIFFE validator. */
  TRUSTED_CA,

  /** Always by the SPIFFE validator, which ignores CRLs. */
  SPIFFE_VALIDATOR,

  /**
   * For a proxy without the validator: what it cannot express, several trust domains that stay
   * apart, is left out.
   */
  TRUSTED_CA_ONLY
}
