package io.signet.sds.envoy;

import io.grpc.Status;
import io.signet.sds.Answer.Ack;
import io.signet.sds.Answer.Nack;
import io.signet.sds.Subscriber;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it hears; throws after that, if told to. */
final class RecordingListener implements SdsListener {
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private boolean throwing;

  List<String> heard() {
    return heard;
  }

  void startThrowing() {
    throwing = true;
  }

  @Override
  public void opened(Subscriber who) {
    hear("opened by " + who.node());
  }

  @Override
  public void sent(Subscriber who, Map<String, String> versions) {
    hear("sent " + new TreeSet<>(versions.keySet()));
  }

  @Override
  public void acked(Subscriber who, Ack ack) {
    hear("acked " + new TreeSet<>(ack.versions().keySet()));
  }

  @Override
  public void nacked(Subscriber who, Nack nack) {
    hear("nacked " + new TreeSet<>(nack.versions().keySet()) + ": " + nack.error());
  }

  @Override
  public void missing(Subscriber who, Set<String> names) {
    hear("missing " + names);
  }

  @Override
  public void withheld(Subscriber who, String name, RuntimeException why) {
    hear("withheld " + name + ": " + why.getMessage());
  }

  @Override
  public void closed(Subscriber who, Status status) {
    hear("closed " + status.getCode());
  }

  private void hear(String event) {
    heard.add(event);
    if (throwing) {
      throw new IllegalStateException("listener fails");
    }
  }
}
