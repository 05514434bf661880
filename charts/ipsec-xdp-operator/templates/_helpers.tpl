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
