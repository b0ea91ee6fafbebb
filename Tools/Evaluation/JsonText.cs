using System.Text.Json;

namespace SiamIlgpu.Evaluation;

/// <summary>Writes one JSON object; the same values give the same bytes.</summary>
internal static class JsonText
{
    /// <summary>The object's text in UTF-8, without a line's end after it.</summary>
    /// <param name="writeMembers">Writes what stands between the braces.</param>
    /// <param name="indented">A line a value, for people; else all in one.</param>
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
