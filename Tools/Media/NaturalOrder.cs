namespace SiamIlgpu.Media;

/// <summary>
/// Sorts file names as people expect: numbers in them by value, letters without regard to case. So img2 comes before img10.
/// </summary>
public sealed class NaturalOrder : IComparer<string>
{
    /// <summary>A shared instance. It has no state, so several threads may use it.</summary>
    public static NaturalOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> left = x, right = y;
        while (!left.IsEmpty && !right.IsEmpty)
        {
            int order;
            if (char.IsAsciiDigit(left[0]) && char.IsAsciiDigit(right[0]))
            {
                // Numbers may be too long for an integer type, so digits are compared: without leading zeros, the longer number is larger.
                ReadOnlySpan<char> leftNumber = TakeDigits(ref left).TrimStart('0');
                ReadOnlySpan<char> rightNumber = TakeDigits(ref right).TrimStart('0');
                order = leftNumber.Length != rightNumber.Length
                    ? leftNumber.Length.CompareTo(rightNumber.Length)
                    : leftNumber.SequenceCompareTo(rightNumber);
            }
            else
            {
                order = char.ToUpperInvariant(left[0]).CompareTo(char.ToUpperInvariant(right[0]));
                left = left[1..];
                right = right[1..];
            }
            if (order != 0)
                return order;
        }
        int rest = left.Length.CompareTo(right.Length);
        return rest != 0 ? rest : string.CompareOrdinal(x, y);
    }

    private static ReadOnlySpan<char> TakeDigits(ref ReadOnlySpan<char> text)
    {
        int length = 1;
        while (length < text.Length && char.IsAsciiDigit(text[length]))
            length++;
        ReadOnlySpan<char> digits = text[..length];
        text = text[length..];
        return digits;
    }
}
