{{- define "diptych.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "diptych.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "diptych.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "diptych.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "diptych.selector" -}}
app.kubernetes.io/name: {{ include "diptych.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "diptych.labels" -}}
{{ include "diptych.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "diptych.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "diptych.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* What the schema cannot say. */ -}}
{{- define "diptych.check" -}}
{{- if and (ne .Values.auth.mode "OFF") (not .Values.auth.existingSecret) (not .Values.auth.jwtIssuerUri) }}
{{- fail "Nobody could call the service: set auth.existingSecret (a Secret with an admin key), or auth.jwtIssuerUri, or auth.mode=OFF where the network keeps others out." }}
{{- end }}
{{- if and .Values.models.locations (not (hasKey .Values.models.locations .Values.models.standard)) }}
{{- fail (printf "models.standard is %s, which models.locations does not have." .Values.models.standard) }}
{{- end }}
{{- if and .Values.models.hub (eq .Values.worker.cacheSize "4Gi") }}
{{- fail "models.hub lets workers download models into worker.cacheSize; give it room for them, for example 20Gi for Switti 512." }}
{{- end }}
{{- if and .Values.worker.keda.enabled .Values.postgresql.caSecret (hasPrefix "verify-" .Values.postgresql.sslMode) (not .Values.worker.keda.trustsDatabase) }}
{{- fail "KEDA connects to PostgreSQL by itself and does not know postgresql.caSecret. Give its operator that authority and set worker.keda.trustsDatabase=true, or use sslMode=require." }}
{{- end }}
{{- if and .Values.ingress.enabled .Values.ingress.tls.enabled (not .Values.ingress.tls.secretName) }}
{{- fail "ingress.tls.enabled needs ingress.tls.secretName." }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled." }}
{{- end }}
{{- end }}

{{- define "diptych.image" -}}
{{- $flavour := ternary "gpu" "cpu" .gpu }}
{{- printf "%s:%s-%s" .root.Values.image.repository (default .root.Chart.AppVersion .root.Values.image.tag) $flavour }}
{{- end }}

{{- define "diptych.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "diptych.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The driver looks for the authority in the home folder unless it is told where. */ -}}
{{- define "diptych.databaseTls" -}}
sslmode={{ .Values.postgresql.sslMode }}
{{- if .Values.postgresql.caSecret -}}
&sslrootcert=/etc/diptych-database/ca.crt
{{- else if hasPrefix "verify-" .Values.postgresql.sslMode -}}
&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory
{{- end }}
{{- end }}

{{- /* Environment of every pod. */ -}}
{{- define "diptych.env" -}}
- name: SPRING_CONFIG_ADDITIONALLOCATION
  value: file:/etc/diptych/
- name: SPRING_DATASOURCE_URL
  value: {{ printf "jdbc:postgresql://%s:%d/%s?%s" .Values.postgresql.host (int .Values.postgresql.port) .Values.postgresql.database (include "diptych.databaseTls" .) | quote }}
- name: SPRING_DATASOURCE_USERNAME
  valueFrom:
    secretKeyRef:
      name: {{ .Values.postgresql.existingSecret }}
      key: {{ .Values.postgresql.usernameKey }}
- name: SPRING_DATASOURCE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.postgresql.existingSecret }}
      key: {{ .Values.postgresql.passwordKey }}
- name: SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE
  value: {{ .Values.postgresql.maxConnections | quote }}
{{- with .Values.s3.endpoint }}
- name: DIPTYCH_STORE_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
- name: DIPTYCH_STORE_S3_REGION
  value: {{ .Values.s3.region | quote }}
- name: DIPTYCH_STORE_S3_BUCKET
  value: {{ .Values.s3.bucket | quote }}
{{- with .Values.s3.prefix }}
- name: DIPTYCH_STORE_S3_PREFIX
  value: {{ . | quote }}
{{- end }}
{{- if .Values.s3.existingSecret }}
- name: DIPTYCH_STORE_S3_ACCESSKEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.s3.existingSecret }}
      key: {{ .Values.s3.accessKeyKey }}
- name: DIPTYCH_STORE_S3_SECRETKEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.s3.existingSecret }}
      key: {{ .Values.s3.secretKeyKey }}
{{- end }}
- name: DIPTYCH_SECURITY_AUTHENTICATION
  value: {{ .Values.auth.mode | quote }}
{{- if .Values.auth.existingSecret }}
- name: DIPTYCH_SECURITY_ADMINKEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.auth.existingSecret }}
      key: {{ .Values.auth.adminKeyKey }}
{{- end }}
{{- with .Values.auth.jwtIssuerUri }}
- name: SPRING_SECURITY_OAUTH2_RESOURCESERVER_JWT_ISSUERURI
  value: {{ . | quote }}
{{- end }}
- name: DIPTYCH_SECURITY_TENANTCLAIM
  value: {{ .Values.auth.tenantClaim | quote }}
- name: MANAGEMENT_SERVER_PORT
  value: "8081"
- name: MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE
  value: {{ ternary "health,info,prometheus" "health,info" .Values.metrics.enabled }}
{{- if .Values.metrics.enabled }}
# Prometheus has no credential; only the management port, which no Service for clients has, knows
# this path.
- name: DIPTYCH_SECURITY_PUBLICPATHS
  value: /actuator/prometheus
{{- end }}
- name: LOGGING_STRUCTURED_FORMAT_CONSOLE
  value: {{ .Values.logFormat | quote }}
{{- end }}

{{- define "diptych.mounts" -}}
- name: config
  mountPath: /etc/diptych
  readOnly: true
- name: data
  mountPath: /var/lib/diptych
- name: tmp
  mountPath: /tmp
{{- if .Values.postgresql.caSecret }}
- name: database-ca
  mountPath: /etc/diptych-database
  readOnly: true
{{- end }}
{{- if .Values.models.existingClaim }}
- name: models
  mountPath: /models
  readOnly: true
{{- end }}
{{- end }}

{{- define "diptych.volumes" -}}
- name: config
  configMap:
    name: {{ include "diptych.fullname" .root }}
- name: data
  emptyDir:
    sizeLimit: {{ .cacheSize }}
- name: tmp
  emptyDir:
    sizeLimit: {{ .temporarySize }}
{{- if .root.Values.postgresql.caSecret }}
- name: database-ca
  secret:
    secretName: {{ .root.Values.postgresql.caSecret }}
    items:
      - key: {{ .root.Values.postgresql.caKey }}
        path: ca.crt
{{- end }}
{{- if .root.Values.models.existingClaim }}
- name: models
  persistentVolumeClaim:
    claimName: {{ .root.Values.models.existingClaim }}
    readOnly: true
{{- end }}
{{- end }}

{{- define "diptych.placement" -}}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
