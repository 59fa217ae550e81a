{{- /* The pod, the same in the Deployment and in the StatefulSet. */}}
{{- define "bcs-storage.pod" -}}
{{- $v := .Values -}}
metadata:
  labels:
    {{- include "bcs-storage.labels" . | nindent 4 }}
    {{- with $v.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    # A changed file starts new pods: the program reads it once.
    checksum/config: {{ include "bcs-storage.config" . | sha256sum }}
    {{- with $v.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "bcs-storage.serviceAccountName" . }}
  automountServiceAccountToken: false
  # Service links are variables named BCS_STORAGE_…, as the program's settings are.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with $v.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- if $v.topologySpreadConstraints }}
  topologySpreadConstraints: {{ toYaml $v.topologySpreadConstraints | nindent 4 }}
  {{- else if not (include "bcs-storage.embedded" .) }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{ include "bcs-storage.selector" $ | nindent 10 }}
      # Old pods of a rollout don't count: the new ones shall be spread among themselves.
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  containers:
    - name: bcs-storage
      image: {{ include "bcs-storage.image" . | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args: [serve, --config, /etc/bcs-storage/bcs-storage.yaml]
      {{- $limit := include "bcs-storage.goMemLimit" . }}
      {{- $uri := and (eq $v.storage "mongodb") $v.mongodb.existingSecret }}
      {{- $password := and (eq $v.watch "zookeeper") $v.zookeeper.existingSecret }}
      {{- if or $limit $uri $password $v.env }}
      env:
        {{- if $limit }}
        - name: GOMEMLIMIT
          value: {{ $limit | quote }}
        {{- end }}
        {{- if $uri }}
        - name: BCS_STORAGE_MONGODB_URI
          valueFrom:
            secretKeyRef: {name: {{ $v.mongodb.existingSecret | quote }}, key: {{ $v.mongodb.key | quote }}}
        {{- end }}
        {{- if $password }}
        - name: BCS_STORAGE_ZOOKEEPER_PASSWORD
          valueFrom:
            secretKeyRef: {name: {{ $v.zookeeper.existingSecret | quote }}, key: {{ $v.zookeeper.key | quote }}}
        {{- end }}
        {{- with $v.env }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- end }}
      ports:
        - name: http
          containerPort: 50024
        {{- if $v.metrics.enabled }}
        - name: metrics
          containerPort: {{ $v.metrics.port }}
        {{- end }}
      # Stores are opened before the first request is served; a large file may need minutes after a crash.
      startupProbe:
        {{- include "bcs-storage.probe" (dict "root" . "path" "/healthz") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 6
        failureThreshold: 150
      livenessProbe:
        {{- include "bcs-storage.probe" (dict "root" . "path" "/healthz") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 6
        failureThreshold: 6
      # /readyz needs up to two seconds to find out that a store does not answer.
      readinessProbe:
        {{- include "bcs-storage.probe" (dict "root" . "path" "/readyz") | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 6
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep: {seconds: {{ $v.preStopSeconds }}}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources: {{ toYaml $v.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/bcs-storage
          readOnly: true
        # SQLite sorts large answers in a temporary file.
        - name: tmp
          mountPath: /tmp
        {{- if include "bcs-storage.embedded" . }}
        - name: data
          mountPath: /data
        {{- end }}
        {{- if $v.auth.existingSecret }}
        - name: auth
          mountPath: /run/bcs-storage/auth
          readOnly: true
        {{- end }}
        {{- if $v.tls.existingSecret }}
        - name: tls
          mountPath: /run/bcs-storage/tls
          readOnly: true
        {{- end }}
        {{- if $v.tls.clientCA.existingSecret }}
        - name: client-ca
          mountPath: /run/bcs-storage/client-ca
          readOnly: true
        {{- end }}
        {{- if $v.ccs.existingSecret }}
        - name: ccs
          mountPath: /run/bcs-storage/ccs
          readOnly: true
        {{- end }}
        {{- with $v.volumeMounts }}{{ toYaml . | nindent 8 }}{{ end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "bcs-storage.fullname" . }}
    - name: tmp
      emptyDir: {}
    # Secrets are mounted whole, without subPath: so the kubelet keeps the files up to date.
    {{- range $name, $secret := dict "auth" $v.auth "tls" $v.tls "client-ca" $v.tls.clientCA "ccs" $v.ccs }}
    {{- if $secret.existingSecret }}
    - name: {{ $name }}
      secret:
        secretName: {{ $secret.existingSecret | quote }}
        defaultMode: 0440
    {{- end }}
    {{- end }}
    {{- with $v.volumes }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}
