namespace SiamIlgpu.Kernels.Generators;

/// <summary>
/// Winograd's minimal filtering F(m,r): m outputs of a correlation with r taps, from n = m + r - 1 multiplications instead
/// of m * r. In one dimension y = A^T [(G g) .* (B^T d)]; in two, with the same matrices, Y = A^T [(G g G^T) .* (B^T d B)] A.
/// </summary>
/// <remarks>
/// <para>Where the matrices come from. Polynomials f of degree below m and g of degree below r have a product of n
/// coefficients, so its values at n points determine it (Toom and Cook):</para>
/// <code>
/// f * g = interpolate( (V_m f) .* (V_r g) ),   V_k[j,i] = p_j^i, the values at p_j; at infinity the leading coefficient
/// </code>
/// <para>With g fixed this is a linear map T(g): f -> f * g, and its transpose takes n inputs d to the m sums
/// y_i = sum over k of g_k d_(i+k): the correlation wanted. Transposing the right side turns the chain around:
/// y = V_m^T [(V_r g) .* (interpolate^T d)]. Interpolation is Lagrange's,</para>
/// <code>
/// f * g = sum over finite j of value_j * L_j(x) / N_j + leading * M(x)
/// L_j = product over finite l other than j of (x - p_l),   N_j = L_j(p_j),   M = product over all finite l of (x - p_l)
/// </code>
/// <para>so row j of B^T is L_j, the last row is M, A^T = V_m^T, and G = V_r with row j divided by N_j: the division costs
/// nothing there, because filters are transformed once and in double.</para>
/// <para>The points are 0, pairs +p and -p, and infinity. Pairs halve the work of both transforms, see <see cref="WinogradTransform"/>.
/// Numbers around 1 keep the rounding errors down: see <see cref="PairsOf"/>.</para>
/// </remarks>
public sealed class WinogradMatrices
{
    /// <summary>The matrices of F(outputs, taps) at the points 0, +p and -p for each of the pairs, and infinity.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The points are not outputs + taps - 1.</exception>
    public WinogradMatrices(int outputs, int taps, params Rational[] pairs)
    {
        Outputs = outputs;
        Taps = taps;
        Points = outputs + taps - 1;
        Pairs = pairs;
        if (Points != 2 + 2 * pairs.Length)
            throw new ArgumentOutOfRangeException(nameof(pairs), $"F({outputs},{taps}) takes {Points} points, got {2 + 2 * pairs.Length}");
        Rational[] finite = [0, .. Pairs.SelectMany(p => new[] { p, -p })];

        Output = new Rational[outputs, Points];
        Filter = new Rational[Points, taps];
        Input = new Rational[Points, Points];
        for (int j = 0; j < finite.Length; j++)
        {
            Rational[] others = [.. finite.Where(p => p != finite[j])];
            Rational norm = others.Aggregate((Rational)1, (product, p) => product * (finite[j] - p));
            for (int i = 0; i < outputs; i++)
                Output[i, j] = Rational.Power(finite[j], i);
            for (int k = 0; k < taps; k++)
                Filter[j, k] = Rational.Power(finite[j], k) / norm;
            SetRow(Input, j, WithRoots(others));
        }
        Output[outputs - 1, Points - 1] = 1;
        Filter[Points - 1, taps - 1] = 1;
        SetRow(Input, Points - 1, WithRoots(finite));
    }

    /// <summary>The pairs to use for so many points: those with the smallest error among some dozens of fractions.</summary>
    /// <remarks>
    /// Relative RMS error with filters and inputs uniform in -1..1: F(4,3), 192 channels, 1.2e-6 at 5/8 and 3/2, 1.3e-6 at 3/4
    /// and 3/2, 2.6e-6 at 1 and 2, directly 0.7e-6; F(4,5), 48 channels, 2.6e-6, at 1/2, 1 and 3/2 3.3e-6, directly 0.6e-6.
    /// F(6,3) was no faster than F(4,3) and five times less exact.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">There are none for this number.</exception>
    public static Rational[] PairsOf(int points) => points switch
    {
        4 => [1],
        6 => [new(5, 8), new(3, 2)],
        8 => [1, 2, new(1, 2)],
        _ => throw new ArgumentOutOfRangeException(nameof(points), $"no pairs for {points} points"),
    };

    /// <summary>m, outputs of one application.</summary>
    public int Outputs { get; }

    /// <summary>r, taps of the filter.</summary>
    public int Taps { get; }

    /// <summary>n = m + r - 1, inputs and multiplications of one application.</summary>
    public int Points { get; }

    /// <summary>The positive of each pair of points; the order of points is 0, +p1, -p1, +p2, -p2, ..., infinity.</summary>
    public IReadOnlyList<Rational> Pairs { get; }

    /// <summary>A^T, m x n.</summary>
    public Rational[,] Output { get; }

    /// <summary>G, n x r.</summary>
    public Rational[,] Filter { get; }

    /// <summary>B^T, n x n.</summary>
    public Rational[,] Input { get; }

    /// <summary>Coefficients of the product of (x - root), the constant first.</summary>
    internal static Rational[] WithRoots(params Rational[] roots)
    {
        Rational[] product = [1];
        foreach (Rational root in roots)
        {
            Rational[] factor = product;
            product = new Rational[factor.Length + 1];
            for (int i = 0; i < product.Length; i++)
                product[i] = (i > 0 ? factor[i - 1] : 0) - (i < factor.Length ? root * factor[i] : 0);
        }
        return product;
    }

    private static void SetRow(Rational[,] matrix, int row, Rational[] coefficients)
    {
        for (int i = 0; i < matrix.GetLength(1); i++)
            matrix[row, i] = i < coefficients.Length ? coefficients[i] : 0;
    }
}
