package io.diptych.engine.csd;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import net.sf.extjwnl.JWNLException;
import net.sf.extjwnl.data.IndexWord;
import net.sf.extjwnl.data.POS;
import net.sf.extjwnl.data.Pointer;
import net.sf.extjwnl.data.PointerType;
import net.sf.extjwnl.data.Synset;
import net.sf.extjwnl.data.Word;
import net.sf.extjwnl.dictionary.Dictionary;
import org.jspecify.annotations.Nullable;

/**
 * WordNet's nouns: which one a phrase means, its kinds and its relatives. Loaded when first asked,
 * which takes about half a second and 47 MB. One caller at a time: the dictionary's caches are not
 * made for several threads.
 */
final class WordNet {

  /** Opens the dictionary; null when its data are not on the class path. */
  interface Source {
    @Nullable Dictionary open() throws JWNLException;
  }

  /**
   * A noun found in a phrase.
   *
   * @param lemma the noun as WordNet writes it
   * @param subject the whole phrase with that noun in the singular
   * @param sense the chosen meaning
   * @param people whether that meaning is a sort of human being
   */
  record Noun(String lemma, String subject, Synset sense, boolean people) {}

  /** WordNet 3.1 from the class path, shared by all: it never changes. */
  static final WordNet SHARED = new WordNet(Dictionary::getDefaultResourceInstance);

  // A subject one can draw has one of these above it. Listed by what WordNet calls them.
  private static final Set<String> PICTURABLE =
      Set.of(
          "animal",
          "plant",
          "fungus",
          "artifact",
          "natural object",
          "food",
          "person",
          "imaginary being");
  private static final Set<String> PEOPLE = Set.of("person");
  private static final Pattern OFFENSIVE =
      Pattern.compile("slur|offensive|disparag|derogat|obscen|vulgar|pejorative");
  private static final Pattern SLUR = Pattern.compile("slur|insulting");
  private static final int COMPARED_KINDS = 100;
  private static final int LEVELS_UP = 2;
  private static final int BROADEST_CLASS = 25;

  private final Source source;
  private @Nullable Dictionary dictionary;

  WordNet(Source source) {
    this.source = source;
  }

  /**
   * The noun a phrase means: all of it, else as much of its end as WordNet has. Proper names and
   * idioms (Eiffel Tower, cup of tea) give way to their head noun. Null when there is none.
   */
  synchronized @Nullable Noun find(SubjectPhrase phrase) throws JWNLException {
    List<String> words = phrase.words();
    Noun first = find(words, 0, words.size());
    if (first != null
        && (isA(first.sense(), PICTURABLE)
            || phrase.headEnd() == words.size() && !isInstance(first.sense()))) {
      return first;
    }
    for (int start = 0; start < phrase.headEnd(); start++) {
      Noun noun = find(words, start, phrase.headEnd());
      if (noun != null && !isInstance(noun.sense())) {
        return noun;
      }
      first = first == null ? noun : first;
    }
    return first;
  }

  /**
   * Adds all kinds of a noun, nearest first: first every kind by its usual name, then by its other
   * names.
   */
  synchronized void addKinds(Noun noun, DescriptionLines lines) throws JWNLException {
    List<Synset> kinds = descendants(noun.sense(), SubConcepts.MOST_LINES);
    for (Synset kind : kinds) {
      String name = usualName(kind);
      if (presentable(name)) {
        lines.add(DescriptionLines.kind(name, noun.lemma()));
      }
    }
    for (Synset kind : kinds) {
      for (Word other : kind.getWords().subList(1, kind.getWords().size())) {
        String name = other.getLemma();
        // Capitalised second names are mostly Latin (Vulpes fulva); labelled ones mostly slang.
        if (name.equals(lower(name))
            && other.getPointers(PointerType.USAGE).isEmpty()
            && presentable(name)) {
          lines.add(DescriptionLines.kind(name, noun.lemma()));
        }
      }
    }
  }

  /**
   * Adds what shares the noun's class, or the class above where that one holds nothing else.
   * Classes too broad to have a look in common (insect, mechanism) are passed over.
   */
  synchronized void addRelatives(Noun noun, DescriptionLines lines, int enough)
      throws JWNLException {
    List<Synset> level = List.of(noun.sense());
    boolean alone = true;
    for (int up = 0; up < LEVELS_UP && alone; up++) {
      List<Synset> above = new ArrayList<>();
      for (Synset below : level) {
        above.addAll(targets(below, PointerType.HYPERNYM));
      }
      for (Synset parent : above) {
        List<Synset> members = targets(parent, PointerType.HYPONYM);
        alone = alone && members.size() == 1;
        for (Synset member : members.size() > BROADEST_CLASS ? List.<Synset>of() : members) {
          if (lines.size() < enough && !level.contains(member) && presentable(usualName(member))) {
            lines.add(DescriptionLines.withArticle(usualName(member)));
          }
        }
      }
      level = above;
    }
  }

  private @Nullable Noun find(List<String> words, int start, int end) throws JWNLException {
    List<String> part = words.subList(start, end).stream().map(WordNet::lower).toList();
    String last = part.get(part.size() - 1);
    IndexWord singular = opened().lookupIndexWord(POS.NOUN, last);
    IndexWord found = part.size() == 1 ? singular : null;
    if (part.size() > 1) {
      String before = String.join(" ", part.subList(0, part.size() - 1)) + " ";
      found = opened().getIndexWord(POS.NOUN, before + last);
      if (found == null && singular != null) {
        found = opened().getIndexWord(POS.NOUN, before + singular.getLemma());
      }
      if (found == null) {
        found = opened().getIndexWord(POS.NOUN, String.join("-", part));
      }
      if (found == null) {
        found = opened().lookupIndexWord(POS.NOUN, String.join("", part));
      }
    }
    if (found == null) {
      return null;
    }
    Synset sense = choose(found);
    List<String> subject = new ArrayList<>(words.subList(0, start));
    subject.add(found.getLemma());
    subject.addAll(words.subList(end, words.size()));
    return new Noun(found.getLemma(), String.join(" ", subject), sense, isA(sense, PEOPLE));
  }

  // WordNet orders senses by use, but most were never counted; among equals the richer one tells
  // more about the subject.
  private Synset choose(IndexWord word) throws JWNLException {
    Map<Synset, int[]> merits = new LinkedHashMap<>();
    for (Synset sense : word.getSenses()) {
      int index = sense.indexOfWord(word.getLemma());
      merits.put(
          sense,
          new int[] {
            isA(sense, PICTURABLE) ? 1 : 0,
            index < 0 ? 0 : sense.getWords().get(index).getUseCount(),
            descendants(sense, COMPARED_KINDS).size()
          });
    }
    Comparator<int[]> byMerit =
        Comparator.<int[]>comparingInt(merit -> merit[0])
            .thenComparingInt(merit -> merit[1])
            .thenComparingInt(merit -> merit[2])
            .reversed();
    return merits.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(byMerit))
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static boolean isA(Synset sense, Set<String> names) throws JWNLException {
    List<Synset> above = new ArrayList<>(List.of(sense));
    for (int i = 0; i < above.size(); i++) {
      for (Word name : above.get(i).getWords()) {
        if (names.contains(lower(name.getLemma()))) {
          return true;
        }
      }
      // Instances (Crane the poet) have another pointer and so are never found here.
      for (Synset parent : targets(above.get(i), PointerType.HYPERNYM)) {
        if (!above.contains(parent)) {
          above.add(parent);
        }
      }
    }
    return false;
  }

  /** All kinds below a sense, breadth first, at most {@code limit}. */
  private static List<Synset> descendants(Synset sense, int limit) throws JWNLException {
    Map<Long, Synset> found = new LinkedHashMap<>();
    List<Synset> queue = new ArrayList<>(List.of(sense));
    for (int i = 0; i < queue.size() && found.size() < limit; i++) {
      for (Synset kind : targets(queue.get(i), PointerType.HYPONYM)) {
        if (found.size() < limit && found.putIfAbsent(kind.getOffset(), kind) == null) {
          queue.add(kind);
        }
      }
    }
    return List.copyOf(found.values());
  }

  // Compares the type itself: the library's own lookup by type mixes instances in.
  private static List<Synset> targets(Synset from, PointerType type) throws JWNLException {
    List<Synset> targets = new ArrayList<>();
    for (Pointer pointer : from.getPointers()) {
      if (pointer.getType() == type) {
        Synset target = pointer.getTargetSynset();
        if (!OFFENSIVE.matcher(lower(target.getGloss())).find()) {
          targets.add(target);
        }
      }
    }
    return targets;
  }

  private static String usualName(Synset synset) {
    return synset.getWords().get(0).getLemma();
  }

  // Neither Latin (Verpa bohemica) nor with a word in it that is a slur when it stands alone.
  private boolean presentable(String name) throws JWNLException {
    String[] words = name.split("[ -]");
    boolean lastKnown = true;
    for (String word : words) {
      IndexWord entry = opened().getIndexWord(POS.NOUN, lower(word));
      lastKnown = entry != null;
      if (entry != null) {
        for (Synset sense : entry.getSenses()) {
          if (SLUR.matcher(sense.getGloss()).find()) {
            return false;
          }
        }
      }
    }
    return lastKnown || words.length == 1 || name.equals(lower(name));
  }

  private static boolean isInstance(Synset sense) {
    return sense.getPointers().stream()
        .anyMatch(pointer -> pointer.getType() == PointerType.INSTANCE_HYPERNYM);
  }

  private Dictionary opened() throws JWNLException {
    Dictionary open = dictionary;
    if (open == null) {
      open = source.open();
      if (open == null) {
        throw new JWNLException("The WordNet data are not on the class path.");
      }
      dictionary = open;
    }
    return open;
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
