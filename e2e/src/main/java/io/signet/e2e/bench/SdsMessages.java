package io.signet.e2e.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Puts the messages of one gRPC stream together, of frames in which they may begin anywhere. */
final class SdsMessages {

  /** A byte that says "not compressed", and four for the length. */
  static final int PREFIX_BYTES = 5;

  private @Nullable ByteBuf kept;

  /** Calls back with each message that is whole now, which lives no longer than that call. */
  void read(ByteBuf frame, Consumer<ByteBuf> message) {
    ByteBuf in = kept == null ? frame : kept.writeBytes(frame);
    while (isWhole(in)) {
      int length = in.getInt(in.readerIndex() + 1);
      message.accept(in.slice(in.readerIndex() + PREFIX_BYTES, length));
      in.skipBytes(PREFIX_BYTES + length);
    }
    keep(in);
  }

  private static boolean isWhole(ByteBuf in) {
    return in.readableBytes() >= PREFIX_BYTES
        && in.readableBytes() - PREFIX_BYTES >= in.getInt(in.readerIndex() + 1);
  }

  // Nearly always there is nothing to keep: a push is one frame.
  private void keep(ByteBuf rest) {
    kept = rest.isReadable() ? Unpooled.copiedBuffer(rest) : null;
  }
}
