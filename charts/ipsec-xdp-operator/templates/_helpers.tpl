{{- define "ipsec-xdp.labels" -}}
{{ include "ipsec-xdp.selector" . }}
app.kubernetes.io/part-of: ipsec-xdp
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "ipsec-xdp.selector" -}}
app.kubernetes.io/name: {{ printf "ipsec-xdp-%s" .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "ipsec-xdp.image" -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- /* Binds the role of a component, in a namespace or in the cluster, to its ServiceAccount */ -}}
{{- define "ipsec-xdp.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ printf "ipsec-xdp-%s" .component }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "ipsec-xdp.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ if .namespace }}Role{{ else }}ClusterRole{{ end }}
  name: {{ printf "ipsec-xdp-%s" .component }}
subjects:
  - kind: ServiceAccount
    name: {{ printf "ipsec-xdp-%s" .component }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- /* Where a component serves its metrics over TLS */ -}}
{{- define "ipsec-xdp.metricsEnv" -}}
{{- if .root.Values.metrics.enabled -}}
- name: {{ printf "IPSEC_XDP_%s_METRICS_ADDRESS" (upper .component) }}
  valueFrom:
    fieldRef:
      fieldPath: {{ .address }}
- name: {{ printf "IPSEC_XDP_%s_METRICS_PORT" (upper .component) }}
  value: {{ .port | quote }}
{{- if .root.Values.metrics.tlsSecret }}
- name: {{ printf "IPSEC_XDP_%s_METRICS_CERTIFICATE" (upper .component) }}
  value: /run/ipsec-xdp-tls
{{- end }}
{{- end }}
{{- end }}

{{- define "ipsec-xdp.metricsMount" -}}
{{- if and .Values.metrics.enabled .Values.metrics.tlsSecret -}}
- name: metrics-tls
  mountPath: /run/ipsec-xdp-tls
  readOnly: true
{{- end }}
{{- end }}

{{- define "ipsec-xdp.metricsVolume" -}}
{{- if and .Values.metrics.enabled .Values.metrics.tlsSecret -}}
- name: metrics-tls
  secret:
    secretName: {{ .Values.metrics.tlsSecret }}
    # Metrics wait for it, the pod does not
    optional: true
    items:
      - key: tls.crt
        path: tls.crt
      - key: tls.key
        path: tls.key
{{- end }}
{{- end }}

{{- /* What a component needs to ask who reads what it serves */ -}}
{{- define "ipsec-xdp.reviewRules" -}}
{{- if .serves -}}
# Who reads what it serves, and whether they may
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end }}
{{- end }}
