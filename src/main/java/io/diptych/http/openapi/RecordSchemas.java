package io.diptych.http.openapi;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JavaType;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.oas.models.media.Schema;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Marks the members of a record as required unless they are {@code @Nullable}, as they are in Java.
 */
@Component
class RecordSchemas implements ModelConverter {

  private static final String REFERENCE = "#/components/schemas/";

  @Override
  public @Nullable Schema<?> resolve(
      AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
    if (!chain.hasNext()) {
      return null;
    }
    Schema<?> schema = chain.next().resolve(type, context, chain);
    JavaType javaType = Json31.mapper().constructType(type.getType());
    if (schema != null && javaType != null && javaType.getRawClass().isRecord()) {
      String reference = schema.get$ref();
      Schema<?> model =
          reference == null
              ? schema
              : context.getDefinedModels().get(reference.substring(REFERENCE.length()));
      if (model != null && model.getProperties() != null) {
        require(javaType.getRawClass(), model);
      }
    }
    return schema;
  }

  private static void require(Class<?> type, Schema<?> model) {
    JsonInclude include = type.getAnnotation(JsonInclude.class);
    boolean emptyLeftOut = include != null && include.value() == JsonInclude.Include.NON_EMPTY;
    Arrays.stream(type.getRecordComponents())
        .filter(component -> !component.getAnnotatedType().isAnnotationPresent(Nullable.class))
        .filter(component -> !(emptyLeftOut && mayBeEmpty(component)))
        .map(RecordSchemas::nameInJson)
        .forEach(model::addRequiredItem);
  }

  private static String nameInJson(RecordComponent component) {
    JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null || renamed.value().isEmpty() ? component.getName() : renamed.value();
  }

  private static boolean mayBeEmpty(RecordComponent component) {
    return Collection.class.isAssignableFrom(component.getType())
        || Map.class.isAssignableFrom(component.getType());
  }
}
