package io.diptych.http;

import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.boot.servlet.MultipartConfigFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import org.springframework.util.unit.DataSize;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.json.JsonMapper;

/** How requests are read: strict JSON, bounded uploads, preferences as parameters. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HttpProperties.class)
class HttpSetup implements WebMvcConfigurer {

  private final HttpProperties properties;

  HttpSetup(HttpProperties properties) {
    this.properties = properties;
  }

  @Override
  public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
    resolvers.add(new PreferArgument(properties));
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(new KnownParameters(properties.maxJsonSize()));
  }

  @Bean
  ServerHttpMessageConvertersCustomizer strictJson(JsonMapper mapper) {
    JsonMapper strict = StrictJson.of(mapper);
    return converters ->
        converters
            .withJsonConverter(new JacksonJsonHttpMessageConverter(strict))
            .addCustomConverter(new UntypedJsonPartConverter(strict));
  }

  /** One knob for uploads: the body may be larger than its file by what the other parts need. */
  @Bean
  MultipartConfigElement multipartLimits() {
    MultipartConfigFactory limits = new MultipartConfigFactory();
    limits.setMaxFileSize(properties.maxUploadSize());
    limits.setMaxRequestSize(
        DataSize.ofBytes(
            properties.maxUploadSize().toBytes() + properties.maxJsonSize().toBytes()));
    limits.setFileSizeThreshold(DataSize.ofKilobytes(64));
    return limits.createMultipartConfig();
  }

  private record PreferArgument(HttpProperties properties)
      implements HandlerMethodArgumentResolver {

    @Override
    public boolean supportsParameter(MethodParameter parameter) {
      return parameter.getParameterType() == Prefer.class;
    }

    @Override
    public Prefer resolveArgument(
        MethodParameter parameter,
        @Nullable ModelAndViewContainer container,
        NativeWebRequest request,
        @Nullable WebDataBinderFactory binders) {
      HttpServletRequest servlet = request.getNativeRequest(HttpServletRequest.class);
      if (servlet == null) {
        throw new IllegalStateException("not a servlet request");
      }
      return Prefer.parse(servlet.getHeaders("Prefer"), properties.maxWait());
    }
  }
}
