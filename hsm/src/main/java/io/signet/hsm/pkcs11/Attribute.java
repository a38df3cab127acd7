package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An attribute that an object has: its type and its value as the library stores it. */
@SuppressWarnings("ArrayRecordComponent") // never compared; a carrier for one native call
record Attribute(long type, byte[] value) {

  static final long CKA_CLASS = 0x000;
  static final long CKA_TOKEN = 0x001;
  static final long CKA_LABEL = 0x003;
  static final long CKA_VALUE = 0x011;
  static final long CKA_CERTIFICATE_TYPE = 0x080;
  static final long CKA_ISSUER = 0x081;
  static final long CKA_SERIAL_NUMBER = 0x082;
  static final long CKA_SUBJECT = 0x101;
  static final long CKA_ID = 0x102;
  static final long CKA_SENSITIVE = 0x103;
  static final long CKA_EXTRACTABLE = 0x162;
  static final long CKA_NEVER_EXTRACTABLE = 0x164;
  static final long CKA_ALWAYS_SENSITIVE = 0x165;

  private static final long CKO_CERTIFICATE = 1;
  private static final long CKO_PRIVATE_KEY = 3;
  private static final long CKC_X_509 = 0;

  static Attribute privateKey() {
    return number(CKA_CLASS, CKO_PRIVATE_KEY);
  }

  static Attribute certificate() {
    return number(CKA_CLASS, CKO_CERTIFICATE);
  }

  static Attribute x509() {
    return number(CKA_CERTIFICATE_TYPE, CKC_X_509);
  }

  static Attribute onToken() {
    return new Attribute(CKA_TOKEN, new byte[] {1});
  }

  static Attribute label(String label) {
    return new Attribute(CKA_LABEL, label.getBytes(UTF_8));
  }

  static Attribute id(byte[] id) {
    return new Attribute(CKA_ID, id);
  }

  private static Attribute number(long type, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    return new Attribute(type, bytes.putLong(value).array());
  }
}
