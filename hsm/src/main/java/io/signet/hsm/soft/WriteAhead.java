package io.signet.hsm.soft;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Several files as the content of one, so that all of them can be written or none: once this one is
 * on the disk whoever comes next can write the others, as often as it takes.
 */
final class WriteAhead {

  private WriteAhead() {}

  static byte[] of(Map<String, byte[]> files) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(files.size());
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        out.writeUTF(file.getKey());
        out.writeInt(file.getValue().length);
        out.write(file.getValue());
      }
    }
    return bytes.toByteArray();
  }

  static Map<String, byte[]> files(byte[] content) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      String name = in.readUTF();
      byte[] of = new byte[in.readInt()];
      in.readFully(of);
      files.put(name, of);
    }
    return files;
  }
}
