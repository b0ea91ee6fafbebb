using System.Text.Json;

namespace SiamIlgpu.Evaluation;

/// <summary>Writes one JSON object; the same values give the same bytes.</summary>
internal static class JsonText
{
    /// <summary>The object's text in UTF-8, without a line break at the end.</summary>
    /// <param name="writeMembers">Writes the members of the object.</param>
    /// <param name="indented">Whether each value has its own line, for people; otherwise the text is one line.</param>
    internal static byte[] Of(Action<Utf8JsonWriter> writeMembers, bool indented = true)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = indented, NewLine = "\n" }))
        {
            json.WriteStartObject();
            writeMembers(json);
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }
}
