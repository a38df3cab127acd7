package io.signet.hsm.pkcs11;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An attribute that an object has: its type and its value as the library stores it. */
@SuppressWarnings("ArrayRecordComponent") // never compared; a carrier for one native call
record Attribute(long type, byte[] value) {

  static final long CKA_CLASS = 0x000;
  static final long CKA_TOKEN = 0x001;
  static final long CKA_LABEL = 0x003;
  static final long CKA_ID = 0x102;
  static final long CKA_SENSITIVE = 0x103;
  static final long CKA_EXTRACTABLE = 0x162;
  static final long CKA_NEVER_EXTRACTABLE = 0x164;
  static final long CKA_ALWAYS_SENSITIVE = 0x165;

  private static final long CKO_PRIVATE_KEY = 3;

  static Attribute privateKey() {
    return ofClass(CKO_PRIVATE_KEY);
  }

  static Attribute ofClass(long kind) {
    ByteBuffer value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    return new Attribute(CKA_CLASS, value.putLong(kind).array());
  }
}
