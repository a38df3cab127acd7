package io.signet.ca.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** What a class logs during a test, in place of the console. */
public final class CapturedLog implements BeforeEachCallback, AfterEachCallback {

  private final ListAppender<ILoggingEvent> events = new ListAppender<>();
  private final Logger logger;

  public CapturedLog(Class<?> of) {
    logger = (Logger) LoggerFactory.getLogger(of);
  }

  /** What was logged at level ERROR, each with its exception. */
  public List<String> alarms() {
    return events.list.stream()
        .filter(event -> event.getLevel().equals(Level.ERROR))
        .map(event ->
            event.getFormattedMessage()
                + "\n"
                + ThrowableProxyUtil.asString(event.getThrowableProxy()))
        .toList();
  }

  /** What was logged at this level. */
  public List<String> messages(Level level) {
    return events.list.stream()
        .filter(event -> event.getLevel().equals(level))
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    logger.setAdditive(false);
    logger.addAppender(events);
    events.start();
  }

  @Override
  public void afterEach(ExtensionContext context) {
    var _ = logger.detachAppender(events);
    logger.setAdditive(true);
  }
}
