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
