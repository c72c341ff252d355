package io.diptych;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;

/** What ArchUnit does not know to ask. */
final class ArchitectureConditions {

  private ArchitectureConditions() {}

  static ArchCondition<JavaClass> dependOnAnotherPackage(String packages, String description) {
    DescribedPredicate<JavaClass> target = JavaClass.Predicates.resideInAPackage(packages);
    return new ArchCondition<>("depend " + description) {
      @Override
      public void check(JavaClass origin, ConditionEvents events) {
        for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
          JavaClass used = dependency.getTargetClass();
          if (target.test(used) && !used.getPackageName().equals(origin.getPackageName())) {
            events.add(SimpleConditionEvent.satisfied(origin, dependency.getDescription()));
          }
        }
      }
    };
  }

  static ArchCondition<JavaClass> resideInANullMarkedPackage() {
    return new ArchCondition<>("reside in a package with a package-info that is @NullMarked") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
        events.add(
            new SimpleConditionEvent(
                type, marked, type.getName() + " is in " + type.getPackageName()));
      }
    };
  }

  /** Looks at the string constants of a class, which is where its statements are. */
  static ArchCondition<JavaClass> mentionInSql(List<String> tables) {
    Pattern mention =
        Pattern.compile(
            "(?is)^\\s*(?:with|select|insert|update|delete|merge|truncate|lock|alter|from|join|where)\\b"
                + ".*?\\b(?:from|join|into|update|table|truncate|using)\\s+(?:only\\s+)?(?:public\\.)?("
                + String.join("|", tables)
                + ")\\b.*");
    Pattern direct =
        Pattern.compile(
            "(?is)^\\s*(?:update|truncate|from|join|lock)\\s+(?:table\\s+)?(?:public\\.)?("
                + String.join("|", tables)
                + ")\\b.*");
    return new ArchCondition<>("mention a table of " + tables + " in a statement") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (String constant : constants(type)) {
          for (Pattern pattern : List.of(mention, direct)) {
            Matcher match = pattern.matcher(constant);
            if (match.matches()) {
              events.add(
                  SimpleConditionEvent.satisfied(
                      type, type.getName() + " mentions " + match.group(1) + ": " + constant));
              break;
            }
          }
        }
      }
    };
  }

  /** Every UTF-8 entry of the constant pool (JVM specification, section 4.4). */
  private static List<String> constants(JavaClass type) {
    String file = "/" + type.getName().replace('.', '/') + ".class";
    List<String> constants = new ArrayList<>();
    try (InputStream stream = ArchitectureConditions.class.getResourceAsStream(file)) {
      if (stream == null) {
        throw new IllegalStateException("no class file " + file);
      }
      DataInputStream in = new DataInputStream(stream);
      in.skipNBytes(8);
      int count = in.readUnsignedShort();
      for (int index = 1; index < count; index++) {
        int tag = in.readUnsignedByte();
        switch (tag) {
          case 1 -> constants.add(in.readUTF());
          case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
          case 5, 6 -> {
            in.skipNBytes(8);
            index++; // takes two places
          }
          case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
          case 15 -> in.skipNBytes(3);
          default -> throw new IllegalStateException("constant of unknown kind " + tag);
        }
      }
      return constants;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
