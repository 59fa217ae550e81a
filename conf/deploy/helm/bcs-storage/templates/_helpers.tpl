{{- define "bcs-storage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "bcs-storage.fullname" -}}
{{- $name := include "bcs-storage.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "bcs-storage.selector" -}}
app.kubernetes.io/name: {{ include "bcs-storage.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bcs-storage.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "bcs-storage.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "bcs-storage.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "bcs-storage.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "bcs-storage.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- /* Not empty when an engine keeps its files in the pod. */}}
{{- define "bcs-storage.embedded" -}}
{{- if or (eq .Values.storage "sqlite") (eq .Values.watch "local") }}true{{ end }}
{{- end }}

{{- define "bcs-storage.replicas" -}}
{{- if include "bcs-storage.embedded" . }}1{{ else }}{{ .Values.replicas }}{{ end }}
{{- end }}

{{- /* Stops with one sentence for each value that is missing or at odds with another one. */}}
{{- define "bcs-storage.check" -}}
{{- $v := .Values }}
{{- $wrong := list }}
{{- $instead := dict
  "listen" "service.port" "insecureListen" "auth.insecure" "dataDir" "persistence" "storage" "storage" "watch" "watch"
  "mongodb.uri" "mongodb.existingSecret" "zookeeper.servers" "zookeeper.servers" "zookeeper.password" "zookeeper.existingSecret"
  "auth.tokens" "auth.existingSecret" "tls.certificate" "tls.existingSecret" "tls.key" "tls.existingSecret"
  "tls.clientCA" "tls.clientCA.existingSecret" "views.ccs.credentials" "ccs.existingSecret" "metrics.listen" "metrics.enabled" }}
{{- range $path, $value := $instead }}
  {{- $at := $v.config }}
  {{- range $part := splitList "." $path }}
    {{- if kindIs "map" $at }}{{ $at = get $at $part }}{{ else }}{{ $at = "" }}{{ end }}
  {{- end }}
  {{- if not (has (toString $at) (list "" "<nil>")) }}{{ $wrong = append $wrong (printf "config.%s is set by the chart: use %s" $path $value) }}{{ end }}
{{- end }}
{{- if not (or $v.auth.existingSecret $v.auth.insecure) }}{{ $wrong = append $wrong "nobody is asked who they are: set auth.existingSecret, or auth.insecure to allow that" }}{{ end }}
{{- if and $v.auth.existingSecret $v.auth.insecure }}{{ $wrong = append $wrong "auth.insecure contradicts auth.existingSecret" }}{{ end }}
{{- if and (eq $v.storage "mongodb") (not $v.mongodb.existingSecret) }}{{ $wrong = append $wrong "mongodb.existingSecret is needed with storage: mongodb" }}{{ end }}
{{- if and (eq $v.watch "zookeeper") (not $v.zookeeper.servers) }}{{ $wrong = append $wrong "zookeeper.servers is needed with watch: zookeeper" }}{{ end }}
{{- if and $v.tls.clientCA.existingSecret (not $v.tls.existingSecret) }}{{ $wrong = append $wrong "tls.clientCA has no effect without tls.existingSecret" }}{{ end }}
{{- if and $v.metrics.podMonitor.enabled (not $v.metrics.enabled) }}{{ $wrong = append $wrong "metrics.podMonitor has no effect without metrics.enabled" }}{{ end }}
{{- if $wrong }}{{ fail (printf "\n%s" (join "\n" $wrong)) }}{{ end }}
{{- end }}

{{- /* The program's file: values.config, and what follows from the other values. */}}
{{- define "bcs-storage.config" -}}
{{- $v := .Values }}
{{- $set := dict "listen" ":50024" "dataDir" "/data" "storage" $v.storage "watch" $v.watch }}
{{- if eq $v.watch "zookeeper" }}{{ $_ := set $set "zookeeper" (dict "servers" $v.zookeeper.servers) }}{{ end }}
{{- if $v.auth.existingSecret }}{{ $_ := set $set "auth" (dict "tokens" (printf "/run/bcs-storage/auth/%s" $v.auth.key)) }}{{ end }}
{{- /* The port of the metrics can't ask for a token. It doesn't open the API: that asks for one all the same. */}}
{{- if or $v.auth.insecure $v.metrics.enabled }}{{ $_ := set $set "insecureListen" true }}{{ end }}
{{- if $v.tls.existingSecret }}
  {{- $tls := dict "certificate" "/run/bcs-storage/tls/tls.crt" "key" "/run/bcs-storage/tls/tls.key" }}
  {{- if $v.tls.clientCA.existingSecret }}{{ $_ := set $tls "clientCA" (printf "/run/bcs-storage/client-ca/%s" $v.tls.clientCA.key) }}{{ end }}
  {{- $_ := set $set "tls" $tls }}
{{- end }}
{{- if $v.ccs.existingSecret }}{{ $_ := set $set "views" (dict "ccs" (dict "credentials" (printf "/run/bcs-storage/ccs/%s" $v.ccs.key))) }}{{ end }}
{{- if $v.metrics.enabled }}{{ $_ := set $set "metrics" (dict "listen" (printf ":%d" (int $v.metrics.port))) }}{{ end }}
{{- mergeOverwrite (deepCopy $v.config) $set | toYaml }}
{{- end }}

{{- /* GOMEMLIMIT, or nothing. */}}
{{- define "bcs-storage.goMemLimit" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources | toString }}
{{- if .Values.goMemLimit }}{{ .Values.goMemLimit }}
{{- else if regexMatch "^[0-9]+Mi$" $limit }}{{ div (mul (trimSuffix "Mi" $limit | atoi) 3) 4 }}MiB
{{- else if regexMatch "^[0-9]+Gi$" $limit }}{{ mul (trimSuffix "Gi" $limit | atoi) 768 }}MiB
{{- end }}
{{- end }}

{{- /* A probe of the path, one of /healthz and /readyz. */}}
{{- define "bcs-storage.probe" -}}
{{- if .root.Values.tls.clientCA.existingSecret -}}
{{- /* The kubelet has no certificate, so the program asks itself, on the port of the metrics, which is plain HTTP. */ -}}
exec:
  command: [/bcs-storage, health, --server, "http://127.0.0.1:{{ ternary .root.Values.metrics.port 50025 .root.Values.metrics.enabled }}"{{ if eq .path "/healthz" }}, --live{{ end }}]
{{- else -}}
httpGet:
  path: {{ .path }}
  port: http
  scheme: {{ ternary "HTTPS" "HTTP" (not (empty .root.Values.tls.existingSecret)) }}
{{- end }}
{{- end }}
