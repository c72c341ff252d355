package io.diptych.engine.csd;

import io.diptych.engine.csd.SubConceptList.Source;
import net.sf.extjwnl.JWNLException;
import net.sf.extjwnl.JWNLRuntimeException;

/**
 * Sub-concepts from WordNet 3.1, the default source.
 *
 * <p>In this order: kinds of the subject at every depth, breadth first; relatives until both are
 * {@value #ENOUGH_NOUNS}; general lines until all are {@value #ENOUGH_LINES}. Of several meanings
 * the one that can be drawn is taken, then the most used, then the one with the most kinds. A
 * phrase WordNet does not have stands for its head noun. A word it does not know, and any word for
 * people, gets general lines only, with the reason. The same word always gives the same lines.
 */
public final class WordNetSubConcepts implements SubConcepts {

  /** No relatives beyond this: the largest rank the paper tries is 20, and they are not kinds. */
  static final int ENOUGH_NOUNS = 20;

  /** Nothing general beyond this: the authors' list for a fox has 50 different lines. */
  static final int ENOUGH_LINES = SURE_LINES;

  private final WordNet wordNet;

  /** WordNet from the class path; it is loaded once for all, when first asked. */
  public WordNetSubConcepts() {
    this(WordNet.SHARED);
  }

  WordNetSubConcepts(WordNet wordNet) {
    this.wordNet = wordNet;
  }

  @Override
  public SubConceptList of(String contentWord, LinesWanted wanted) {
    SubjectPhrase phrase = SubjectPhrase.parse(contentWord);
    DescriptionLines lines = new DescriptionLines(wanted);
    try {
      WordNet.Noun noun = wordNet.find(phrase);
      return noun == null
          ? general(lines, phrase.text(), "WordNet does not know \"" + phrase.text() + "\".")
          : known(noun, lines);
    } catch (JWNLException | JWNLRuntimeException e) {
      // Lines already added may be half of the truth, so they are not kept.
      return general(
          new DescriptionLines(wanted),
          phrase.text(),
          "WordNet could not be read: " + e.getMessage());
    }
  }

  private SubConceptList known(WordNet.Noun noun, DescriptionLines lines) throws JWNLException {
    if (noun.people()) {
      return general(
          lines,
          noun.subject(),
          "WordNet's kinds of people hold too many insults to be used for \""
              + noun.lemma()
              + "\".");
    }
    lines.exclude(DescriptionLines.withArticle(noun.lemma()));
    wordNet.addKinds(noun, lines);
    int kinds = lines.size();
    wordNet.addRelatives(noun, lines, ENOUGH_NOUNS);
    int relatives = lines.size() - kinds;
    if (lines.size() == 0) {
      return general(lines, noun.subject(), "WordNet has no kinds of \"" + noun.lemma() + "\".");
    }
    GeneralSubConcepts.addTo(lines, noun.subject(), ENOUGH_LINES);
    String origin =
        "WordNet 3.1, noun \"%s\" (%s): %d kinds, %d relatives, %d general lines"
            .formatted(
                noun.lemma(),
                noun.sense().getLexFileName(),
                kinds,
                relatives,
                lines.size() - kinds - relatives);
    return new SubConceptList(lines.toList(), Source.WORDNET, origin, null);
  }

  private static SubConceptList general(DescriptionLines lines, String subject, String reason) {
    GeneralSubConcepts.addTo(lines, subject, ENOUGH_LINES);
    String origin = lines.size() + " general lines from the built-in list of adjectives";
    return new SubConceptList(lines.toList(), Source.GENERAL, origin, reason);
  }
}
